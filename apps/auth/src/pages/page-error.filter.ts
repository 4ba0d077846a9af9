import { problemOf } from '@gatehouse/service-kit';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { isTooMuch } from '../oauth-errors/too-much.js';
import { html } from './html.js';
import { documentOf } from './page.js';
import { PageError, troubleOf, TROUBLES } from './page-error.js';
import { textsFor } from './texts/language.js';
import { visitorsOf } from './visitor-of.js';

/** Whoever looks at a page is told what went wrong by a page. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const trouble = troubleOfError(error);
    const isFault = trouble === 'fault';
    if (isFault) request.log.error({ err: error, reqId: request.id }, 'unhandled');
    const texts =
      visitorsOf.get(request)?.texts ?? textsFor(undefined, request.headers['accept-language']);
    const { title, text } = texts.errors[trouble];
    const { body, headers } = documentOf(texts, {
      title,
      main: html`<h1>${title}</h1>
        <p>${text}</p>
        ${isFault && html`<p class="quiet">${texts.reference(request.id)}</p>`}`,
    });
    void reply
      .headers({ ...headersOf(error), ...headers })
      .status(TROUBLES[trouble])
      .send(body);
  }
}

function troubleOfError(error: unknown): ReturnType<typeof troubleOf> {
  if (error instanceof PageError) return error.trouble;
  if (isTooMuch(error)) return 'busy';
  if (error instanceof OAuthError) return 'invalidRequest';
  return troubleOf(problemOf(error).status);
}

/** `Retry-After` and the like. */
function headersOf(error: unknown): Record<string, string> {
  if (isTooMuch(error)) return { 'retry-after': String(error.retryAfter) };
  if (typeof error !== 'object' || error === null || !('headers' in error)) return {};
  return Object.fromEntries(
    Object.entries(error.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}
