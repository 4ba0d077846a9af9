import { toProblemDetails } from '@gatehouse/service-kit';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError, RegistrationRefused, RetryLaterError } from '../platform/oauth-error.js';
import { toLogText } from '../platform/request-text.js';
import { ForeignRequestError } from '../platform/request-source.guard.js';
import {
  isDevelopment,
  type PageErrorKind,
  type RefusedParameter,
  renderErrorPage,
  type ReturnAddress,
} from './error-page.js';
import { pageContexts } from './page-context.js';
import { selectTexts } from './texts/language.js';

/** HTTP status of each error page. */
export const PAGE_ERRORS: Readonly<Record<PageErrorKind, number>> = {
  invalidRequest: 400,
  unknownClient: 400,
  unregisteredRedirectUri: 400,
  expired: 400,
  invalidTicket: 400,
  foreignForm: 403,
  registrationClosed: 403,
  invitationInvalid: 403,
  foreignOrigin: 403,
  notFound: 404,
  busy: 429,
  fault: 500,
  unavailable: 503,
};

/** An error that the user sees as a page, because the server cannot report it to a client. */
export class PageError extends Error {
  override readonly name = 'PageError';

  readonly returnTo: ReturnAddress | undefined;
  readonly parameter: RefusedParameter | undefined;

  constructor(
    readonly kind: PageErrorKind,
    about: { readonly returnTo?: ReturnAddress; readonly parameter?: RefusedParameter } = {},
  ) {
    super(`page error: ${kind}`);
    this.returnTo = about.returnTo;
    this.parameter = about.parameter;
  }
}

/** The browser continues at another page instead of the requested one. Nothing was changed. */
export class PageRedirect extends Error {
  override readonly name = 'PageRedirect';

  constructor(
    readonly location: string,
    /** `Set-Cookie` headers. */
    readonly cookies: readonly string[] = [],
  ) {
    super('the browser continues at another page');
  }
}

/** The first error with exactly this status; otherwise the general error of its class. */
export function findKindByStatus(status: number): PageErrorKind {
  const exact = Object.entries(PAGE_ERRORS).find(([, value]) => value === status)?.[0];
  const fallback = status < 500 ? 'invalidRequest' : 'fault';
  return isPageErrorKind(exact) ? exact : fallback;
}

const isPageErrorKind = (word: string | undefined): word is PageErrorKind =>
  word !== undefined && Object.hasOwn(PAGE_ERRORS, word);

/** Answers every error of a page request with an error page. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof PageRedirect) return sendRedirect(reply, error);
    const kind = toPageErrorKind(error);
    if (kind === 'fault') request.log.error({ err: error, reqId: request.id }, 'unhandled');
    else logRefusal(request, kind, error);
    const texts =
      pageContexts.get(request)?.texts ??
      selectTexts(undefined, request.headers['accept-language']);
    const errorHeaders = readErrorHeaders(error, kind);
    const { body, headers } = renderErrorPage(texts, {
      kind,
      issuer: this.config.ISSUER,
      request,
      returnTo: error instanceof PageError ? error.returnTo : undefined,
      parameter: findParameter(error),
      showsValues: isDevelopment(this.config),
      foreignOrigin: error instanceof ForeignRequestError ? error.origin : undefined,
      retryAfter: parseRetryAfter(errorHeaders['retry-after']),
    });
    void reply
      .headers({ ...errorHeaders, ...headers })
      .status(findStatus(error, kind))
      .send(body);
  }
}

/** The page has one text for many causes, so the log names the cause. */
function logRefusal({ log, id, method, url }: FastifyRequest, kind: string, error: unknown): void {
  const [path = ''] = url.split('?');
  const why = toLogText(describeCause(error));
  log.info({ reqId: id, method, path: toLogText(path), refused: kind, why }, 'refused');
}

function describeCause(error: unknown): string {
  if (error instanceof Error && findKindByClass(error)) return error.message;
  const { detail, errors } = toProblemDetails(error);
  return errors === undefined ? (detail ?? '') : JSON.stringify(errors);
}

/** The first parameter that the schema of the route refuses. */
function findParameter(error: unknown): RefusedParameter | undefined {
  if (error instanceof PageError) return error.parameter;
  if (findKindByClass(error)) return undefined;
  const { errors } = toProblemDetails(error);
  const [, name] =
    /"(?:pointer":"#\/|parameter":")([a-z_]+)/.exec(JSON.stringify(errors) ?? '') ?? [];
  return name === undefined ? undefined : { name, fault: 'invalid' };
}

function sendRedirect(reply: FastifyReply, { location, cookies }: PageRedirect): void {
  void reply
    .headers({ location, 'cache-control': 'no-store', 'set-cookie': [...cookies] })
    .status(303)
    .send();
}

/** Errors that are no fault of the page, by their class. */
const KINDS_BY_CLASS = [
  [RetryLaterError, 'busy'],
  [ForeignRequestError, 'foreignOrigin'],
  [OAuthError, 'invalidRequest'],
] as const;

const findKindByClass = (error: unknown): PageErrorKind | undefined =>
  error instanceof PageError || error instanceof RegistrationRefused
    ? error.kind
    : KINDS_BY_CLASS.find(([type]) => error instanceof type)?.[1];

const toPageErrorKind = (error: unknown): PageErrorKind =>
  findKindByClass(error) ?? findKindByStatus(toProblemDetails(error).status);

/** Errors of the framework keep their own status, such as 415. */
const findStatus = (error: unknown, kind: PageErrorKind): number =>
  findKindByClass(error) ? PAGE_ERRORS[kind] : toProblemDetails(error).status;

/** @returns undefined unless the header is a number of seconds */
export const parseRetryAfter = (header: unknown): number | undefined =>
  typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;

/** HTTP headers that the error carries, and `Retry-After` for every 503 (RFC 9110 §15.6.4). */
function readErrorHeaders(error: unknown, kind: PageErrorKind): Record<string, string> {
  if (error instanceof RetryLaterError) return { 'retry-after': String(error.retryAfter) };
  const standard = kind === 'unavailable' ? { 'retry-after': '1' } : {};
  if (typeof error !== 'object' || error === null || !('headers' in error)) return standard;
  const own = Object.entries(error.headers ?? {});
  return {
    ...standard,
    ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), String(value)])),
  };
}
