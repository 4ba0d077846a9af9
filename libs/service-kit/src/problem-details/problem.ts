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
  /** For the person who reads the answer: what to do differently. Never the inside of the service. */
  readonly detail?: string;
  /** Further members of the body, for instance `errors`. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Further headers of the answer, for instance `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that says what went wrong, as RFC 9457 has it. */
export class Problem extends HttpException {
  readonly details: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;

  /** @param status 400 to 599 */
  constructor(status: number, { detail, extensions, headers = {} }: ProblemOptions = {}) {
    super(detail ?? titleOf(status), status);
    this.details = problemDetails(status, detail, extensions);
    this.headers = headers;
  }
}

export function problemDetails(
  status: number,
  detail?: string,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemDetails {
  return {
    type: 'about:blank',
    title: titleOf(status),
    status,
    ...(detail === undefined ? {} : { detail }),
    ...extensions,
  };
}

export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}
