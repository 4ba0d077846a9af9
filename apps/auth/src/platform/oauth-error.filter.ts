import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DatabaseUnavailableException } from '@gatehouse/persistence';
import {
  AskAgainException,
  Problem,
  ProblemDetailsFilter,
  toProblemDetails,
} from '@gatehouse/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type ComparedValues,
  OAuthError,
  RegistrationRefused,
  RetryLaterError,
} from './oauth-error.js';
import { toLogText } from './request-text.js';
import type { SecurityEvent } from './security-events/security-event.js';
import { SecurityEventService } from './security-events/security-event.service.js';

interface ErrorResponse {
  readonly status: number;
  readonly body: { readonly error: string; readonly error_description: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** Endpoints for OAuth clients. They answer errors by RFC 6749 §5.2; all other endpoints answer by RFC 9457. */
const OAUTH_PATH = /^\/(oauth|userinfo|auth\/(login|logout|refresh|register))\b/;

/** Endpoints whose refusals are events. The login of the first-party client has its own events. */
const RECORDED_PATH = /^\/(oauth|auth\/refresh)\b/;

/** The `client_id` of a request, as sent. */
export const presentedClientIds = new WeakMap<FastifyRequest, string>();

@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('OAuth');
  private readonly problemDetailsFilter: ProblemDetailsFilter;

  constructor(
    host: HttpAdapterHost,
    private readonly events: SecurityEventService,
  ) {
    this.problemDetailsFilter = new ProblemDetailsFilter(host);
  }

  async catch(error: unknown, context: ArgumentsHost): Promise<void> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const answer = OAUTH_PATH.test(request.url) ? toErrorResponse(error, request) : undefined;
    if (!answer) {
      return this.problemDetailsFilter.catch(
        error instanceof RetryLaterError ? toRetryLaterProblem(error) : error,
        context,
      );
    }
    await this.record(error, answer, request);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    // "… the authorization server MUST include … Cache-Control … no-store" (RFC 6749 §5.1). The same holds for errors.
    void reply
      .headers({ 'cache-control': 'no-store', ...answer.headers })
      .status(answer.status)
      .send(answer.body);
  }

  private async record(
    error: unknown,
    answer: ErrorResponse,
    request: FastifyRequest,
  ): Promise<void> {
    if (isRefusal(answer) && RECORDED_PATH.test(request.url)) {
      const { body } = answer;
      const clientId = presentedClientIds.get(request);
      const [endpoint = ''] = request.url.split('?');
      const oauthError = error instanceof OAuthError ? error : undefined;
      return this.events.record(createRefusalEvent(oauthError, { body, clientId, endpoint }));
    }
    if (error instanceof OAuthError && error.detail.check) {
      this.logger.debug({ error: error.code, detail: error.detail.check });
    }
  }
}

/** A request for a proof with a nonce is a step of the protocol (RFC 9449 §8). */
const isRefusal = ({ status, body }: ErrorResponse): boolean =>
  REFUSAL_STATUSES.includes(status) && body.error !== 'use_dpop_nonce';

/** Also a body that the server does not read: too large, or of another type. */
const REFUSAL_STATUSES: readonly number[] = [400, 401, 413, 415];

interface RefusalContext {
  readonly body: ErrorResponse['body'];
  readonly clientId: string | undefined;
  readonly endpoint: string;
}

function createRefusalEvent(
  error: OAuthError | undefined,
  { body, clientId, endpoint }: RefusalContext,
): SecurityEvent {
  const check = toLogText(error?.detail.check ?? body.error_description);
  const fields = { ...describeRefusal(error?.detail ?? {}, clientId), endpoint, check };
  const reason = error?.clientRefusal;
  if (reason !== undefined) return { type: 'client.refused', reason, ...fields };
  return { type: 'token.refused', error: body.error, ...fields };
}

/** The bounded texts of a refusal, for its event. */
export function describeRefusal(
  { presented, expected }: ComparedValues,
  clientId: string | undefined,
) {
  return {
    ...(clientId !== undefined && { clientId: toLogText(clientId) }),
    ...(presented !== undefined && { presented: toLogText(presented) }),
    ...(expected !== undefined && { expected: toLogText(expected) }),
  };
}

function toErrorResponse(error: unknown, request: FastifyRequest): ErrorResponse | undefined {
  if (error instanceof OAuthError) return formatOAuthError(error, request);
  if (error instanceof RetryLaterError) return toRetryLaterResponse(error);
  if (error instanceof RegistrationRefused) return toForbiddenResponse(error);
  if (error instanceof DatabaseUnavailableException || error instanceof AskAgainException)
    return toUnavailableResponse(error);
  const { status, errors } = toProblemDetails(error);
  if (status >= 500 || status === 404) return undefined;
  const description = describeErrors(status, errors);
  return { status, body: OAuthError.invalidRequest(description).toJSON() };
}

/** Only a client that used the Authorization header gets a challenge, because libraries report it instead of the error (decision 16). */
function formatOAuthError(error: OAuthError, { headers }: FastifyRequest): ErrorResponse {
  const body = error.toJSON();
  if (error.code !== 'invalid_client') return { status: 400, body };
  if (headers.authorization === undefined) return { status: 401, body };
  return { status: 401, body, headers: { 'www-authenticate': 'Basic realm="token endpoint"' } };
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
function toUnavailableResponse({
  message,
  headers,
}: DatabaseUnavailableException | AskAgainException): ErrorResponse {
  const body = { error: 'temporarily_unavailable', error_description: message };
  return { status: 503, body, headers: { 'retry-after': headers['Retry-After'] } };
}

const UNSUPPORTED_MEDIA_TYPE =
  'The Content-Type of the body is not supported: OAuth endpoints read application/x-www-form-urlencoded.';

function describeErrors(status: number, errors: unknown): string {
  if (status === 413) return 'The body is too large.';
  if (status === 415) return UNSUPPORTED_MEDIA_TYPE;
  const faults = readFaults(errors);
  const rule = faults.find(({ detail }) => RULE_PATTERN.test(detail));
  if (rule) return `The ${rule.name} ${rule.detail}.`;
  const names = [...new Set(faults.map(({ name }) => name))];
  return names.length > 0
    ? `Missing, repeated or malformed: ${names.join(', ')}.`
    : 'The body is malformed.';
}

/** Our own sentences, which the caller can act on: `must have 8 to 128 characters`. */
const RULE_PATTERN = /^(must |is )/;

/** Names only members of the schema, so that the answer never repeats text of the client. */
function readFaults(errors: unknown): { readonly name: string; readonly detail: string }[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap(({ pointer = '', detail = '' }: { pointer?: string; detail?: string }) => {
    const [, name] = /^#\/([a-z_]+)/.exec(pointer) ?? [];
    return name === undefined ? [] : [{ name, detail }];
  });
}
