import { Inject, Injectable } from '@nestjs/common';
import { ACCOUNT_SCOPES } from '../account.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OPENID_SCOPES } from '../openid.scopes.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { ResourceServer } from './resource-server.js';
import { narrow } from './scope.js';

/** What a request for one access token asks for. */
export interface Wish {
  /** `resource` of the request (RFC 8707 §2). */
  readonly resource?: string | undefined;
  /** `scope` of the request. */
  readonly scope?: string | undefined;
}

/** What a grant is good for. */
export interface Granted {
  readonly resources: readonly string[];
  readonly scope: readonly string[];
}

/** This server itself, for what people do with their own account. Last, so that it is nobody's default. */
const ownServer = ({ ISSUER: identifier }: AuthConfig): ResourceServer => ({
  identifier,
  scopes: [...Object.keys(ACCOUNT_SCOPES), ...Object.keys(OPENID_SCOPES)],
});

@Injectable()
export class ResourceServers {
  private readonly servers: readonly ResourceServer[];
  /** This server as far as it tells clients who somebody is. */
  private readonly identity: ResourceServer;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    this.servers = [...config.RESOURCE_SERVERS, ownServer(config)];
    this.identity = { identifier: config.ISSUER, scopes: Object.keys(OPENID_SCOPES) };
  }

  get identifiers(): string[] {
    return this.servers.map(({ identifier }) => identifier);
  }

  get scopes(): string[] {
    return this.servers.flatMap(({ scopes }) => scopes);
  }

  /** What may be done at one of them. */
  scopesOf(identifier: string): readonly string[] {
    return this.servers.find((server) => server.identifier === identifier)?.scopes ?? [];
  }

  /**
   * What a grant is good for: the scope asked for (all of `most` where the request names none), at the resource
   * servers asked for (all that know any of that scope).
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  grant(
    most: readonly string[],
    wish: { resources: readonly string[]; scope: string | undefined },
  ): Granted {
    for (const resource of wish.resources) this.known(resource);
    const asked = narrow(most, wish.scope);
    const servers = this.named(wish.resources).filter(({ scopes }) =>
      scopes.some((scope) => asked.includes(scope)),
    );
    const scope = asked.filter((word) => servers.some(({ scopes }) => scopes.includes(word)));
    if (servers.length === 0) throw OAuthError.invalidScope('no resource server knows the scope');
    return { resources: servers.map(({ identifier }) => identifier), scope };
  }

  /**
   * One access token is for one resource server, and carries only the scope that is meant for it (RFC 9068 §3,
   * RFC 9700 §2.3). Where none is named it is the first one that knows any of the scope.
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  pick(granted: Granted, wish: Wish): { audience: string; scope: readonly string[] } {
    const audiences = audiencesOf(granted, wish);
    const asked = narrow(granted.scope, wish.scope);
    for (const audience of audiences) {
      const { scopes } = this.known(audience);
      const scope = asked.filter((word) => scopes.includes(word));
      if (scope.length > 0) return { audience, scope };
    }
    throw OAuthError.invalidScope(`nothing granted at ${audiences.join(' ')}`);
  }

  /** Who a person is, is asked here, whichever resources a request names (OpenID Connect Core §5.3). */
  private named(resources: readonly string[]): readonly ResourceServer[] {
    if (resources.length === 0) return this.servers;
    const named = this.servers.filter(({ identifier }) => resources.includes(identifier));
    return resources.includes(this.identity.identifier) ? named : [...named, this.identity];
  }

  private known(identifier: string): ResourceServer {
    const server = this.servers.find((candidate) => candidate.identifier === identifier);
    if (!server) throw OAuthError.invalidTarget(`unknown: ${identifier}`);
    return server;
  }
}

/** The one that is named, or all that were granted. */
function audiencesOf({ resources }: Granted, { resource }: Wish): readonly string[] {
  const isMeant = (each: string) => resource === undefined || each === resource;
  const audiences = resources.filter(isMeant);
  if (audiences.length === 0) throw OAuthError.invalidTarget(`not granted: ${resource ?? 'any'}`);
  return audiences;
}
