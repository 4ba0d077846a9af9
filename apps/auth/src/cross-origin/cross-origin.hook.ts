import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegisteredOrigins } from './registered-origins.js';

/** What clients in browsers call. None of it looks at a cookie, so no credentials are allowed anywhere. */
const FOR_CLIENTS = ['/oauth/token', '/oauth/revoke', '/userinfo'];
/** Metadata and keys, which everybody may read. */
const FOR_EVERYBODY = '/.well-known/';

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST',
  // Swagger UI says who it is by the last one.
  'access-control-allow-headers': 'Authorization, Content-Type, DPoP, X-Requested-With',
  'access-control-max-age': '600',
};
const EXPOSED = { 'access-control-expose-headers': 'WWW-Authenticate, Retry-After, DPoP-Nonce' };

/**
 * Lets scripts of other origins read answers (CORS), refusals as well. Pages stay closed to them, and the authorization endpoint
 * above all (RFC 9700 §2.6).
 */
@Injectable()
export class CrossOriginHook implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly origins: RegisteredOrigins,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', (request, reply) => this.answer(request, reply));
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { origin } = request.headers;
    if (origin === undefined) return;
    const allowed = await this.allowed(origin, request, reply);
    if (allowed === undefined) return;
    reply.headers({ 'access-control-allow-origin': allowed, ...EXPOSED });
    if (request.method === 'OPTIONS') await reply.code(204).headers(PREFLIGHT).send();
  }

  private async allowed(origin: string, { url }: FastifyRequest, reply: FastifyReply) {
    const [path = ''] = url.split('?');
    if (path.startsWith(FOR_EVERYBODY)) return '*';
    if (!FOR_CLIENTS.includes(path)) return undefined;
    reply.header('vary', 'Origin');
    return (await this.origins.includes(origin)) ? origin : undefined;
  }
}
