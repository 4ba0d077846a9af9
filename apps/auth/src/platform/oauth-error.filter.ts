import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DatabaseUnavailableException } from '@gatehouse/persistence';
import { Problem, ProblemDetailsFilter, toProblemDetails } from '@gatehouse/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError, RegistrationRefused, RetryLaterError } from './oauth-error.js';

interface ErrorResponse {
  readonly status: number;
  readonly body: { readonly error: string; readonly error_description: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Endpoints for OAuth clients. They answer errors by RFC 6749 §5.2; all other endpoints answer by RFC 9457. */
const OAUTH_PATH = /^\/(oauth|auth\/(login|logout|refresh|register))\b/;

@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('OAuth');
  private readonly problemDetailsFilter: ProblemDetailsFilter;

  constructor(host: HttpAdapterHost) {
    this.problemDetailsFilter = new ProblemDetailsFilter(host);
  }

  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const answer = OAUTH_PATH.test(request.url) ? toErrorResponse(error) : undefined;
    if (!answer) {
      return this.problemDetailsFilter.catch(
        error instanceof RetryLaterError ? toRetryLaterProblem(error) : error,
        context,
      );
    }
    if (error instanceof OAuthError && error.detail) {
      this.logger.debug({ error: error.code, detail: error.detail });
    }
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    // "… the authorization server MUST include … Cache-Control … no-store" (RFC 6749 §5.1). The same holds for errors.
    void reply
      .headers({ 'cache-control': 'no-store', ...answer.headers })
      .status(answer.status)
      .send(answer.body);
  }
}

function toErrorResponse(error: unknown): ErrorResponse | undefined {
  if (error instanceof OAuthError) return formatOAuthError(error);
  if (error instanceof RetryLaterError) return toRetryLaterResponse(error);
  if (error instanceof RegistrationRefused) return toForbiddenResponse(error);
  if (error instanceof DatabaseUnavailableException) return toUnavailableResponse(error);
  const { status, errors } = toProblemDetails(error);
  if (status >= 500 || status === 404) return undefined;
  const description = describeErrors(status, errors);
  return { status, body: OAuthError.invalidRequest(description).toJSON() };
}

function formatOAuthError(error: OAuthError): ErrorResponse {
  const { status } = error;
  // A 401 always names a scheme (RFC 9110 §15.5.2); RFC 6749 §5.2 requires Basic here.
  const headers = status === 401 ? { 'www-authenticate': 'Basic realm="token endpoint"' } : {};
  return { status, body: error.toJSON(), headers };
}

const RETRY_LATER_DETAIL = 'Too many requests. Try again later.';

const toRetryLaterResponse = ({ retryAfter }: RetryLaterError): ErrorResponse => ({
  status: 429,
  body: { error: 'temporarily_unavailable', error_description: RETRY_LATER_DETAIL },
  headers: { 'retry-after': String(retryAfter) },
});

const toRetryLaterProblem = ({ retryAfter }: RetryLaterError) =>
  new Problem(429, { detail: RETRY_LATER_DETAIL, headers: { 'Retry-After': String(retryAfter) } });

const toForbiddenResponse = ({ message }: RegistrationRefused): ErrorResponse => ({
  status: 403,
  body: { error: 'access_denied', error_description: message },
});

/** The error code says nothing about the grant. A client that took it for a rejected grant would log its user out. */
function toUnavailableResponse({ message, headers }: DatabaseUnavailableException): ErrorResponse {
  const body = { error: 'temporarily_unavailable', error_description: message };
  return { status: 503, body, headers: { 'retry-after': headers['Retry-After'] } };
}

function describeErrors(status: number, errors: unknown): string {
  if (status === 413) return 'The body is too large.';
  if (status === 415) return 'The content type is not supported.';
  const faults = readFaults(errors);
  const rule = faults.find(({ detail }) => detail.startsWith(RULE_PREFIX));
  if (rule) return `The ${rule.name} ${rule.detail}.`;
  const names = [...new Set(faults.map(({ name }) => name))];
  return names.length > 0
    ? `Missing, repeated or malformed: ${names.join(', ')}.`
    : 'The body is malformed.';
}

/** The beginning of our own rules, which a user can satisfy: `must have 8 to 128 characters`. */
const RULE_PREFIX = 'must ';

/** Names only members of the schema, so that the answer never repeats text of the client. */
function readFaults(errors: unknown): { readonly name: string; readonly detail: string }[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap(({ pointer = '', detail = '' }: { pointer?: string; detail?: string }) => {
    const [, name] = /^#\/([a-z_]+)/.exec(pointer) ?? [];
    return name === undefined ? [] : [{ name, detail }];
  });
}
