import type { IncomingHttpHeaders } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../http/problem.js';
import type { ServiceOptions } from './service.options.js';

const FORM = 'application/x-www-form-urlencoded';
const isForm = (type: string | undefined): boolean => type?.toLowerCase().startsWith(FORM) ?? false;

/** A request without these fields, or with length 0, has no content (RFC 9112 §6.3). */
export const hasContent = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || !/^0*$/.test(headers['content-length'] ?? '');

/**
 * Accepts JSON, and forms when enabled; other types are answered with 415. Fastify's JSON parser stays, because it rejects
 * `__proto__`.
 */
export function acceptBodies(
  app: NestFastifyApplication,
  { acceptForms = false }: ServiceOptions,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  judgeContentAlone(fastify);
  acceptEmptyContent(fastify);
  if (!acceptForms) return;
  // A repeated parameter becomes an array, which the endpoint rejects (RFC 6749 §3.1).
  app.useBodyParser(FORM);
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (isForm(request.headers['content-type'])) request.body = omitEmptyParameters(request.body);
    done();
  });
}

/** The begin of a media type (RFC 9110 §8.3.1). Fastify answers other values with 415 before it looks for content. */
const MEDIA_TYPE = /^[ \t]*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;|$)/;

/**
 * `Content-Type` and `Content-Encoding` describe the content (RFC 9110 §8.3, §8.4). Without content they say nothing, and clients
 * send them by default. Content in another coding than `identity` is answered with 415 (§15.5.16).
 */
function judgeContentAlone(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ headers }, _reply, done) => {
    if (headers['content-type'] === undefined && headers['content-encoding'] === undefined)
      return done();
    if (!hasContent(headers)) {
      if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) delete headers['content-type'];
      return done();
    }
    done(isCoded(headers['content-encoding']) ? createCodingProblem() : undefined);
  });
}

const isCoded = (codings = ''): boolean =>
  codings.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));

const createCodingProblem = () =>
  new Problem(415, {
    detail: 'The content must not be compressed: this service reads no Content-Encoding.',
    headers: { 'Accept-Encoding': 'identity' },
  });

/** A chunked body can turn out to be empty (RFC 9112 §7.1). It then counts as no content. */
function acceptEmptyContent(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null);
      else void parseJson(request, body, done);
    },
  );
  fastify.addContentTypeParser('*', (request, payload, done) => {
    if (request.is404) return done(null);
    const accept = () => done(null);
    payload.once('end', accept);
    payload.once('error', done);
    payload.once('data', () => {
      // The content ends while a filter still writes the answer 415. The handler must not run then.
      payload.off('end', accept);
      done(createTypeProblem(request.headers['content-type']));
    });
  });
}

const createTypeProblem = (type: string | undefined) =>
  new Problem(415, {
    detail:
      type === undefined
        ? 'The request has content without a Content-Type.'
        : 'The Content-Type of the request is not supported.',
  });

/**
 * "Parameters sent without a value MUST be treated as if they were omitted from the request" (RFC 6749 §3.1, §3.2).
 *
 * @param sent a query or a form; a repeated parameter is an array
 */
export function omitEmptyParameters(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return sent;
  const values = Object.entries(sent).map(
    ([name, value]) => [name, omitEmptyValue(value)] as const,
  );
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function omitEmptyValue(sent: unknown): unknown {
  if (!Array.isArray(sent)) return sent === '' ? undefined : sent;
  const values: unknown[] = sent.filter((value) => value !== '');
  return values.length > 1 ? values : values[0];
}
