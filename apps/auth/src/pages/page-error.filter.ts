import { toProblemDetails } from '@gatehouse/service-kit';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError, RetryLaterError } from '../platform/oauth-error.js';
import { html } from './html.js';
import { pageContexts } from './page-context.js';
import { renderDocument } from './page.js';
import type { Texts } from './texts/en.js';
import { selectTexts } from './texts/language.js';

type PageErrorKind = keyof Texts['errors'];

/** HTTP status of each error page. */
export const PAGE_ERRORS: Readonly<Record<PageErrorKind, number>> = {
  invalidRequest: 400,
  untrustedClient: 400,
  expired: 400,
  foreignForm: 403,
  notFound: 404,
  busy: 429,
  fault: 500,
  unavailable: 503,
};

/** An error that the user sees as a page, because the server cannot report it to a client. */
export class PageError extends Error {
  override readonly name = 'PageError';

  constructor(readonly kind: PageErrorKind) {
    super(`page error: ${kind}`);
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
  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const kind = toPageErrorKind(error);
    const isFault = kind === 'fault';
    if (isFault) request.log.error({ err: error, reqId: request.id }, 'unhandled');
    const texts =
      pageContexts.get(request)?.texts ??
      selectTexts(undefined, request.headers['accept-language']);
    const { title, text } = texts.errors[kind];
    const { body, headers } = renderDocument(texts, {
      title,
      main: html`<h1>${title}</h1>
        <p>${text}</p>
        ${isFault && html`<p class="quiet">${texts.reference(request.id)}</p>`}`,
    });
    void reply
      .headers({ ...readErrorHeaders(error), ...headers })
      .status(PAGE_ERRORS[kind])
      .send(body);
  }
}

function toPageErrorKind(error: unknown): ReturnType<typeof findKindByStatus> {
  if (error instanceof PageError) return error.kind;
  if (error instanceof RetryLaterError) return 'busy';
  if (error instanceof OAuthError) return 'invalidRequest';
  return findKindByStatus(toProblemDetails(error).status);
}

/** HTTP headers that the error carries, such as `Retry-After`. */
function readErrorHeaders(error: unknown): Record<string, string> {
  if (error instanceof RetryLaterError) return { 'retry-after': String(error.retryAfter) };
  if (typeof error !== 'object' || error === null || !('headers' in error)) return {};
  return Object.fromEntries(
    Object.entries(error.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}
