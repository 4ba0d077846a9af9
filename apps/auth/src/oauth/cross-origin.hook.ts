import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, removeLoopbackPort } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** How old what is known may be, in milliseconds. */
const MAX_AGE_MS = 10_000;

/** The port of a loopback origin is free, as it is in redirect URIs (RFC 8252 §7.3). */
const ignoreLoopbackPort = (origin: string): string => removeLoopbackPort(origin) ?? origin;

/** Where the clients that run in browsers come from: the origins of redirect URIs. */
@Injectable()
export class RegisteredOrigins {
  private origins: ReadonlySet<string> = new Set();
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @param origin as a browser sends it (RFC 6454 §6.2) */
  async includes(origin: string): Promise<boolean> {
    if (Math.abs(this.clock.now() - this.loadedAt) >= MAX_AGE_MS) {
      // A database that is away changes nothing about who was registered.
      this.loading ??= this.load()
        .catch(() => undefined)
        .finally(() => {
          this.loading = undefined;
        });
      await this.loading;
    }
    return this.origins.has(ignoreLoopbackPort(origin));
  }

  /** Public clients only: the others have servers that ask for them. */
  private async load(): Promise<void> {
    const rows = await this.unitOfWork.query<{ redirect_uris: string }>(
      `SELECT redirect_uris FROM client WHERE auth_method = 'none' AND disabled_at IS NULL AND redirect_uris <> ''`,
    );
    const uris = rows.flatMap((row) => row.redirect_uris.split(' '));
    const urls = uris.filter((uri) => URL.canParse(uri)).map((uri) => new URL(uri));
    // Of other schemes the origin is "null", which is what a page in a sandbox calls its own.
    const origins = urls.map(({ origin }) => origin).filter((origin) => origin !== 'null');
    this.origins = new Set(origins.map(ignoreLoopbackPort));
    this.loadedAt = this.clock.now();
  }
}

/** What clients in browsers call. None of it looks at a cookie, so no credentials are allowed anywhere. */
const CLIENT_PATHS = ['/oauth/token', '/oauth/revoke', '/userinfo'];
/** Metadata and keys, which everybody may read. */
const PUBLIC_PATH_PREFIX = '/.well-known/';

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, POST',
  // Swagger UI says who it is by the last one.
  'access-control-allow-headers': 'Authorization, Content-Type, DPoP, X-Requested-With',
  'access-control-max-age': '600',
};
const EXPOSED_HEADERS = {
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After, DPoP-Nonce',
};

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
