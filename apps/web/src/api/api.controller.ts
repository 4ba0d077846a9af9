import { Problem } from '@gatehouse/service-kit';
import { All, Controller, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readRequestOrigin } from '../requests/same-origin.guard.js';
import { SessionService } from '../sessions/session.service.js';
import { signInRequired } from '../upstream/upstream.errors.js';
import { findApi } from './api-routes.js';
import type { ApiResponse } from './api.client.js';
import { ApiService } from './api.service.js';

/** No cookie and no credential passes, in either direction. */
const REQUEST_HEADERS = [
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
];
const RESPONSE_HEADERS = ['content-language', 'content-type', 'etag', 'retry-after'];
/** A browser runs none of these. */
const DATA_TYPE = /^application\/(?:[\w.-]+\+)?json(?:;|$)/;

@Controller('api')
export class ApiController {
  constructor(
    private readonly sessions: SessionService,
    private readonly service: ApiService,
  ) {}

  @All('*')
  async send(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const path = request.url.slice('/api'.length);
    const api = findApi(request.method, path.split('?')[0] ?? '');
    if (!api) throw new Problem(404, { detail: 'There is no such route.' });
    const session = await this.sessions.find(request.headers.cookie);
    if (!session) throw signInRequired();
    const response = await this.service.send(session, {
      api,
      method: request.method,
      path,
      ...readContent(request),
      origin: readRequestOrigin(request, session.key.id),
    });
    answer(reply, response);
  }
}

function readContent({ headers, body }: FastifyRequest) {
  const passed = REQUEST_HEADERS.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  if (body === undefined || body === null) return { headers: Object.fromEntries(passed) };
  return {
    headers: { ...Object.fromEntries(passed), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function answer(reply: FastifyReply, { status, headers, body }: ApiResponse): void {
  const hasContent = body.length > 0;
  if (hasContent && !DATA_TYPE.test(headers.get('content-type') ?? '')) {
    throw new Problem(502, { detail: 'The service answered with content of another type.' });
  }
  for (const name of RESPONSE_HEADERS) {
    const value = headers.get(name);
    if (value !== null) void reply.header(name, value);
  }
  void reply.header('cache-control', 'no-store').code(status);
  void reply.send(hasContent ? body : undefined);
}
