import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from './auth.scopes.js';
import { type ResourceServer, SCOPE_TOKEN_PATTERN } from './resource-server.js';

/**
 * The words of `asked` in the order of `most`; all of `most` where nothing is asked for.
 *
 * "The requested scope MUST NOT include any scope not originally granted" (RFC 6749 §6).
 * @throws {OAuthError} `invalid_scope`
 */
export function narrowScope(most: readonly string[], asked: string | undefined): readonly string[] {
  if (asked === undefined) return most;
  const words = asked.split(' ');
  if (!words.every((word) => SCOPE_TOKEN_PATTERN.test(word)))
    throw OAuthError.invalidScope('malformed');
  const excess = words.filter((word) => !most.includes(word));
  if (excess.length > 0) throw OAuthError.invalidScope(`not granted: ${excess.length} scopes`);
  return most.filter((word) => words.includes(word));
}

/** What a request for one access token asks for. */
export interface AccessTokenRequest {
  /** `resource` of the request (RFC 8707 §2). */
  readonly resource?: string | undefined;
  /** `scope` of the request. */
  readonly scope?: string | undefined;
}

/** What a grant is good for. */
export interface GrantedAccess {
  readonly resources: readonly string[];
  readonly scope: readonly string[];
}

/** This server itself, for what people do with their own account. Last, so that it is nobody's default. */
const createOwnServer = ({ ISSUER: identifier }: AuthConfig): ResourceServer => ({
  identifier,
  scopes: [...Object.keys(ACCOUNT_SCOPES), ...Object.keys(OPENID_SCOPES)],
});

@Injectable()
export class ResourceServerService {
  private readonly servers: readonly ResourceServer[];
  /** This server as far as it tells clients who somebody is. */
  private readonly openIdServer: ResourceServer;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    this.servers = [...config.RESOURCE_SERVERS, createOwnServer(config)];
    this.openIdServer = { identifier: config.ISSUER, scopes: Object.keys(OPENID_SCOPES) };
  }

  get identifiers(): string[] {
    return this.servers.map(({ identifier }) => identifier);
  }

  get scopes(): string[] {
    return this.servers.flatMap(({ scopes }) => scopes);
  }

  /** What may be done at one of them. */
  getScopes(identifier: string): readonly string[] {
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
  ): GrantedAccess {
    for (const resource of wish.resources) this.requireServer(resource);
    const asked = narrowScope(most, wish.scope);
    const servers = this.selectServers(wish.resources).filter(({ scopes }) =>
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
  selectAudience(
    granted: GrantedAccess,
    wish: AccessTokenRequest,
  ): { audience: string; scope: readonly string[] } {
    const audiences = selectAudiences(granted, wish);
    const asked = narrowScope(granted.scope, wish.scope);
    for (const audience of audiences) {
      const { scopes } = this.requireServer(audience);
      const scope = asked.filter((word) => scopes.includes(word));
      if (scope.length > 0) return { audience, scope };
    }
    throw OAuthError.invalidScope(`nothing granted at ${audiences.join(' ')}`);
  }

  /** Who a person is, is asked here, whichever resources a request names (OpenID Connect Core §5.3). */
  private selectServers(resources: readonly string[]): readonly ResourceServer[] {
    if (resources.length === 0) return this.servers;
    const named = this.servers.filter(({ identifier }) => resources.includes(identifier));
    return resources.includes(this.openIdServer.identifier) ? named : [...named, this.openIdServer];
  }

  private requireServer(identifier: string): ResourceServer {
    const server = this.servers.find((candidate) => candidate.identifier === identifier);
    if (!server) throw OAuthError.invalidTarget(`unknown: ${identifier}`);
    return server;
  }
}

/** The one that is named, or all that were granted. */
function selectAudiences(
  { resources }: GrantedAccess,
  { resource }: AccessTokenRequest,
): readonly string[] {
  const isMeant = (each: string) => resource === undefined || each === resource;
  const audiences = resources.filter(isMeant);
  if (audiences.length === 0) throw OAuthError.invalidTarget(`not granted: ${resource ?? 'any'}`);
  return audiences;
}
