import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parseHttpUrl } from '../core/bounded-fetch.js';
import { option } from '../core/options.js';
import { AccessRules } from '../nest/access-rules.js';
import {
  type NestPart,
  RESOLVED_OPTIONS,
  type ResolvedGuardsOptions,
  type ResourceServerOptions,
} from '../nest/guards.options.js';

declare module '../nest/guards.options.js' {
  interface ResourceServerOptions {
    /** Serves the protected resource metadata (RFC 9728), if `audience` is a URL. Default true. */
    readonly servesResourceMetadata?: boolean | undefined;
  }
  interface ResolvedGuardsOptions {
    readonly servesResourceMetadata: boolean;
  }
}

export type ResourceMetadataOptions = Pick<ResourceServerOptions, 'servesResourceMetadata'>;

/** Characters that no router of Express or Fastify reads as a pattern, or that it can escape. */
const ROUTABLE_PATH = /^[\w\-.~/%:@!$&'(),;=]*$/;

/**
 * The address of the metadata document: the well-known part is inserted between host and path (RFC 9728 §3.1). Undefined
 * if the audience is not a URL, or has a path that cannot be a route.
 */
function deriveMetadataUrl(audience: string): URL | undefined {
  const resource = parseHttpUrl(audience);
  if (!resource) return undefined;
  const { origin, pathname, search } = resource;
  const path = pathname === '/' ? '' : pathname;
  const url = new URL(`${origin}/.well-known/oauth-protected-resource${path}${search}`);
  return ROUTABLE_PATH.test(url.pathname) && isDecodable(url.pathname) ? url : undefined;
}

/** An encoded delimiter, such as `%2F`, stays encoded, and Fastify finds no such route. */
function isDecodable(path: string): boolean {
  try {
    return !decodeURI(path).includes('%');
  } catch {
    return false;
  }
}

/**
 * Publishes the authorization servers and scopes of this resource server (RFC 9728). The route is registered beside Nest's
 * router, because a global prefix would move it, another global guard would close it, and OpenAPI would list it.
 */
@Injectable()
class ResourceMetadata implements OnModuleInit {
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly rules: AccessRules,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const { httpAdapter } = this.adapterHost;
    const { audience, servesResourceMetadata } = this.options;
    const url = servesResourceMetadata ? deriveMetadataUrl(audience) : undefined;
    // An application of messages only has no HTTP server.
    if (!url || typeof httpAdapter?.get !== 'function') return;
    const route = toRoute(url.pathname, httpAdapter.getType());
    httpAdapter.get(route, (_: unknown, response: unknown) => this.send(response));
    httpAdapter.options(route, (_: unknown, response: unknown) => this.answerPreflight(response));
  }

  /** Readable by scripts of every origin, because they cannot know this server before. */
  private send(response: unknown): void {
    const body = JSON.stringify(this.describe());
    this.reply(response, body, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=300',
    });
  }

  /** Clients of the Model Context Protocol add a header, so browsers ask first (Fetch §3.2.2). */
  private answerPreflight(response: unknown): void {
    this.reply(response, undefined, {
      'Access-Control-Allow-Methods': 'GET',
      'Access-Control-Allow-Headers': '*',
      'Access-Control-Max-Age': '600',
    });
  }

  private reply(response: unknown, body: string | undefined, headers: Record<string, string>) {
    const { httpAdapter } = this.adapterHost;
    const all = { ...headers, 'Access-Control-Allow-Origin': '*' };
    for (const [name, value] of Object.entries(all)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, body === undefined ? 204 : 200);
  }

  /** RFC 9728 §2. */
  private describe(): object {
    const { audience, issuers, proofOfPossession, advertisedScopes } = this.options;
    return {
      resource: audience,
      authorization_servers: issuers.map(({ issuer }) => issuer),
      scopes_supported: advertisedScopes ?? this.rules.scopes(),
      bearer_methods_supported: ['header'],
      ...proofOfPossession?.metadata,
    };
  }
}

/** Fastify compares decoded paths and escapes a colon by another one. Express compares encoded paths. */
function toRoute(path: string, framework: string): string {
  if (framework === 'fastify') return decodeURI(path).replaceAll(':', '::');
  return path.replace(/[:!()]/g, '\\$&');
}

/** Serves the document, and names its address in challenges unless `resourceMetadataUrl` names another one. */
export const metadata: NestPart = {
  options: { servesResourceMetadata: option.flag(true) },
  resolve: (read) => ({ resourceMetadataUrl: findUrl(read as ResolvedGuardsOptions) }),
  providers: [ResourceMetadata],
};

function findUrl(options: ResolvedGuardsOptions): string | undefined {
  const { audience, servesResourceMetadata, resourceMetadataUrl } = options;
  if (resourceMetadataUrl !== undefined || !servesResourceMetadata) return resourceMetadataUrl;
  return deriveMetadataUrl(audience)?.href;
}
