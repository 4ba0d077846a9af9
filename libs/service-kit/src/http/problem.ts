import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';

export const problemMediaType = 'application/problem+json';

/** The members of RFC 9457 §3.1, and any extension members (§3.2). */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

interface ProblemOptions {
  /** Tells the client's developer what to do differently. It has no internals of the service. */
  readonly detail?: string;
  /** Further members of the body, for instance `errors`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Further headers of the answer, for instance `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An exception that is answered with problem details (RFC 9457). */
export class Problem extends HttpException {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  /** @param status 400 to 599 */
  constructor(status: number, { detail, extensions, headers = {} }: ProblemOptions = {}) {
    super(detail ?? getStatusTitle(status), status);
    this.details = createProblemDetails(status, detail, extensions);
    this.headers = headers;
  }
}

export function createProblemDetails(
  status: number,
  detail?: string,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemDetails {
  return {
    type: 'about:blank',
    title: getStatusTitle(status),
    status,
    ...(detail === undefined ? {} : { detail }),
    ...extensions,
  };
}

export function getStatusTitle(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/**
 * The public part of an exception. The message of an HttpException is public. Any other exception becomes a status without
 * text: 500, unless the framework reports an invalid request.
 */
export function toProblemDetails(exception: unknown): ProblemDetails {
  if (exception instanceof Problem) return exception.details;
  if (!(exception instanceof HttpException))
    return createProblemDetails(findClientErrorStatus(exception) ?? 500);
  const status = exception.getStatus();
  return createProblemDetails(
    status,
    status === 500 ? undefined : extractPublicDetail(exception, status),
  );
}

function extractPublicDetail(exception: HttpException, status: number): string | undefined {
  const response = exception.getResponse();
  const message =
    typeof response === 'object' && 'message' in response ? response.message : response;
  const detail = Array.isArray(message) ? message.join('; ') : message;
  return typeof detail === 'string' && detail !== getStatusTitle(status) ? detail : undefined;
}

/** Errors of Fastify's plugins have a `statusCode`. */
function findClientErrorStatus(exception: unknown): number | undefined {
  if (!(exception instanceof Error) || !('statusCode' in exception)) return undefined;
  const { statusCode } = exception;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? statusCode
    : undefined;
}
