import { Clock, removeLoopbackPort } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClientRepository } from '../clients/client.repository.js';

/** How long the origins are cached, in milliseconds. */
const MAX_AGE_MS = 10_000;

/** Native apps and pages under development listen on any free port of the loopback address (RFC 8252 §7.3). */
const toComparableOrigin = (origin: string): string => removeLoopbackPort(origin) ?? origin;

/** The origins of clients that run in browsers, taken from their redirect URIs. */
@Injectable()
export class RegisteredOrigins {
  private origins: ReadonlySet<string> = new Set();
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly clients: ClientRepository,
    private readonly clock: Clock,
  ) {}

  /** @param origin as a browser sends it (RFC 6454 §6.2) */
  async includes(origin: string): Promise<boolean> {
    if (Math.abs(this.clock.now() - this.loadedAt) >= MAX_AGE_MS) {
      // While the database is unavailable, the origins that were loaded before remain valid.
      this.loading ??= this.load()
        .catch(() => undefined)
        .finally(() => {
          this.loading = undefined;
        });
      await this.loading;
    }
    return this.origins.has(toComparableOrigin(origin));
  }

  /** Only public clients run in browsers. A confidential client calls from its server. */
  private async load(): Promise<void> {
    const uris = await this.clients.findRedirectUrisOfPublicClients();
    const urls = uris.filter((uri) => URL.canParse(uri)).map((uri) => new URL(uri));
    // A private-use scheme has the origin "null", and a sandboxed page of an attacker sends the same value.
    const origins = urls.map(({ origin }) => origin).filter((origin) => origin !== 'null');
    this.origins = new Set(origins.map(toComparableOrigin));
    this.loadedAt = this.clock.now();
  }
}

/** Endpoints for clients in browsers. None of them reads a cookie, so CORS credentials are never allowed. */
const CLIENT_PATHS = ['/oauth/token', '/oauth/revoke', '/userinfo'];
/** Public metadata and keys. */
const PUBLIC_PATH_PREFIX = '/.well-known/';

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST',
  // Swagger UI sends X-Requested-With.
  'access-control-allow-headers': 'Authorization, Content-Type, DPoP, X-Requested-With',
  'access-control-max-age': '600',
};
const EXPOSED_HEADERS = {
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After, DPoP-Nonce',
};

/**
 * Lets scripts of registered origins read answers and error answers (CORS). Pages and the authorization endpoint never
 * allow it (RFC 9700 §2.6).
 *
 * This is our own code because `@fastify/cors` runs for every request and adds `Vary` to every answer. This hook does
 * nothing for a request without an `Origin`.
 */
@Injectable()
export class CrossOriginHook implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly origins: RegisteredOrigins,
  ) {}

  onModuleInit(): void {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    server.addHook('onRequest', (request, reply) => this.handleRequest(request, reply));
  }

  private async handleRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { origin } = request.headers;
    if (origin === undefined) return;
    const allowed = await this.findAllowedOrigin(origin, request, reply);
    if (allowed === undefined) return;
    reply.headers({ 'access-control-allow-origin': allowed, ...EXPOSED_HEADERS });
    if (request.method === 'OPTIONS') await reply.code(204).headers(PREFLIGHT_HEADERS).send();
  }

  private async findAllowedOrigin(origin: string, { url }: FastifyRequest, reply: FastifyReply) {
    const [path = ''] = url.split('?');
    if (path.startsWith(PUBLIC_PATH_PREFIX)) return '*';
    if (!CLIENT_PATHS.includes(path)) return undefined;
    reply.header('vary', 'Origin');
    return (await this.origins.includes(origin)) ? origin : undefined;
  }
}
