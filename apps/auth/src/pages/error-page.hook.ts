import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { renderErrorPage } from './error-page.js';
import { isNavigation } from './issuer-redirect.js';
import { findKindByStatus, parseRetryAfter } from './page-error.filter.js';
import { selectTexts } from './texts/language.js';

const PROBLEM_TYPE = 'application/problem+json';
/** Answers about credentials have their own headers, and programs read them. */
const STATUSES_OF_PROGRAMS: readonly number[] = [401, 403];

/**
 * Answers errors outside of the page controllers with an error page when a person reads them: unknown addresses, bodies that no
 * handler accepts, an overloaded server. Other callers get problem details (RFC 9457).
 */
@Injectable()
export class ErrorPageHook implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onSend', (request, reply, payload, done) => {
      done(null, reply.statusCode < 400 ? payload : this.replaceProblem(request, reply, payload));
    });
  }

  private replaceProblem(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
    const { statusCode } = reply;
    const isProblem = String(reply.getHeader('content-type')).startsWith(PROBLEM_TYPE);
    if (!isProblem || STATUSES_OF_PROGRAMS.includes(statusCode) || !isRead(request)) return payload;
    const texts = selectTexts(undefined, request.headers['accept-language']);
    const { headers, body } = renderErrorPage(texts, {
      kind: statusCode === 405 ? 'notFound' : findKindByStatus(statusCode),
      issuer: this.config.ISSUER,
      request,
      retryAfter: parseRetryAfter(reply.getHeader('retry-after')),
    });
    // The length of the problem details.
    reply.removeHeader('content-length');
    reply.headers(headers);
    return body;
  }
}

/** The page for a URL that the router rejects, such as `/%E0%A4%A`. A link to the same URL would fail again. */
export const renderUnroutablePage = (request: FastifyRequest, { ISSUER: issuer }: AuthConfig) =>
  isRead(request)
    ? renderErrorPage(selectTexts(undefined, request.headers['accept-language']), {
        kind: 'notFound',
        issuer,
        request,
      })
    : undefined;

/** Whether a browser shows the answer to a person. */
const isRead = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').includes('text/html') && isNavigation(headers);
