import { Clock, removeLoopbackPort, parseUrl } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClientRepository } from './client.repository.js';

/** How long the origins are cached, in milliseconds. */
const MAX_AGE_MS = 10_000;
/** After this time an origin that the cache lacks is looked up, because the operator may have registered it since. */
const MIN_AGE_MS = 1_000;

/** Native apps and pages under development listen on any free port of the loopback address (RFC 8252 §7.3). */
const toComparableOrigin = (origin: string): string => removeLoopbackPort(origin) ?? origin;

/** The origins of clients that run in browsers: those of their redirect URIs, and their allowed origins. */
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
    const age = this.clock.monotonic() - this.loadedAt;
    if (age >= (this.has(origin) ? MAX_AGE_MS : MIN_AGE_MS)) {
      // While the database is unavailable, the origins that were loaded before remain valid.
      this.loading ??= this.load()
        .catch(() => undefined)
        .finally(() => {
          this.loading = undefined;
        });
      await this.loading;
    }
    return this.has(origin);
  }

  private has(origin: string): boolean {
    return this.origins.has(origin) || this.origins.has(toComparableOrigin(origin));
  }

  private async load(): Promise<void> {
    const { redirectUris, allowedOrigins } = await this.clients.findOriginSources();
    const urls = redirectUris.flatMap((uri) => parseUrl(uri) ?? []);
    // A private-use scheme has the origin "null", and a sandboxed page of an attacker sends the same value.
    const origins = urls.map(({ origin }) => origin).filter((origin) => origin !== 'null');
    this.origins = new Set([...origins.map(toComparableOrigin), ...allowedOrigins]);
    this.loadedAt = this.clock.monotonic();
  }
}

/** Endpoints for clients in browsers. None of them reads a cookie, so CORS credentials are never allowed. */
const CLIENT_PATHS = ['/oauth/token', '/oauth/revoke', '/userinfo'];
/** Public metadata and keys. */
const PUBLIC_PATH_PREFIX = '/.well-known/';

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-max-age': '600',
  vary: 'Origin, Access-Control-Request-Headers',
};
const EXPOSED_HEADERS = {
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, ETag, Location',
};

/** Names of headers (RFC 9110 §5.1), as a browser lists them in a preflight request. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
const MAX_HEADER_NAMES = 50;
/** Every header. The wildcard does not include `Authorization` (Fetch §3.3.4), and old browsers do not know it. */
const ANY_HEADER = '*, Authorization';

/**
 * No header that a script adds changes how these endpoints authenticate the request, so all are allowed: tracing libraries,
 * proxies and caches add their own.
 */
export function allowHeaders(requested: string | undefined): string {
  const names = (requested ?? '').split(',').map((name) => name.trim());
  const canRepeat =
    names.length <= MAX_HEADER_NAMES && names.every((name) => HEADER_NAME.test(name));
  return canRepeat ? names.join(',') : ANY_HEADER;
}

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
    server.addHook('onRequest', (request, reply, done) => {
      const { origin } = request.headers;
      if (origin === undefined) return done();
      this.handleRequest(origin, request, reply).then(() => reply.sent || done(), done);
    });
  }

  private async handleRequest(origin: string, request: FastifyRequest, reply: FastifyReply) {
    const allowed = await this.findAllowedOrigin(origin, request, reply);
    if (allowed === undefined) return;
    reply.headers({ 'access-control-allow-origin': allowed, ...EXPOSED_HEADERS });
    if (request.method !== 'OPTIONS') return;
    const requested = request.headers['access-control-request-headers'];
    const headers = allowHeaders(requested);
    reply.headers({ ...PREFLIGHT_HEADERS, 'access-control-allow-headers': headers });
    await reply.code(204).send();
  }

  private async findAllowedOrigin(origin: string, { url }: FastifyRequest, reply: FastifyReply) {
    const [path = ''] = url.split('?');
    if (path.startsWith(PUBLIC_PATH_PREFIX)) return '*';
    if (!CLIENT_PATHS.includes(path)) return undefined;
    reply.header('vary', 'Origin');
    return (await this.origins.includes(origin)) ? origin : undefined;
  }
}
