import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parseHttpUrl } from '../core/urls.js';
import { AccessRules } from './access-rules.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** RFC 9728 §2. */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly dpop_bound_access_tokens_required?: boolean;
}

/** Characters that no router of Express or Fastify reads as a pattern, or that it can escape. */
const ROUTABLE_PATH = /^[\w\-.~/%:@!$&'(),;=]*$/;

/**
 * The address of the metadata document: the well-known part is inserted between host and path (RFC 9728 §3.1). Undefined
 * if the audience is not a URL, or has a path that cannot be a route.
 */
export function deriveMetadataUrl(audience: string): URL | undefined {
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
export class ResourceMetadata implements OnModuleInit {
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
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'Content-Type', 'application/json');
    httpAdapter.setHeader(response, 'Cache-Control', 'public, max-age=300');
    httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
    httpAdapter.reply(response, JSON.stringify(this.describe()), 200);
  }

  /** Clients of the Model Context Protocol add a header, so browsers ask first (Fetch §3.2.2). */
  private answerPreflight(response: unknown): void {
    const { httpAdapter } = this.adapterHost;
    httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
    httpAdapter.setHeader(response, 'Access-Control-Allow-Methods', 'GET');
    httpAdapter.setHeader(response, 'Access-Control-Allow-Headers', '*');
    httpAdapter.setHeader(response, 'Access-Control-Max-Age', '600');
    httpAdapter.reply(response, undefined, 204);
  }

  private describe(): ProtectedResourceMetadata {
    const { audience, issuers, dpop, advertisedScopes } = this.options;
    return {
      resource: audience,
      authorization_servers: issuers.map(({ issuer }) => issuer),
      scopes_supported: advertisedScopes ?? this.rules.scopes(),
      bearer_methods_supported: ['header'],
      ...(dpop && {
        dpop_signing_alg_values_supported: dpop.algorithms,
        dpop_bound_access_tokens_required: issuers.every(({ requiresDpop }) => requiresDpop),
      }),
    };
  }
}

/** Fastify compares decoded paths and escapes a colon by another one. Express compares encoded paths. */
function toRoute(path: string, framework: string): string {
  if (framework === 'fastify') return decodeURI(path).replaceAll(':', '::');
  return path.replace(/[:!()]/g, '\\$&');
}
