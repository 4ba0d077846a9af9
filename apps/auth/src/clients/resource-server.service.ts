import { Inject, Injectable } from '@nestjs/common';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import {
  listPrivilegedScopes,
  type ResourceServer,
  SCOPE_TOKEN_PATTERN,
} from '../platform/resource-servers.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from './auth.scopes.js';

/**
 * The requested scope in the order of `allowed`; without a request, all of `allowed`.
 *
 * "The requested scope MUST NOT include any scope not originally granted" (RFC 6749 §6).
 * @throws {OAuthError} `invalid_scope`
 */
export function narrowScope(
  allowed: readonly string[],
  requested: string | undefined,
): readonly string[] {
  if (requested === undefined) return allowed;
  const words = requested.split(' ');
  if (!words.every((word) => SCOPE_TOKEN_PATTERN.test(word)))
    throw OAuthError.invalidScope('malformed');
  const excess = words.filter((word) => !allowed.includes(word));
  if (excess.length > 0) throw OAuthError.invalidScope(`not granted: ${excess.length} scopes`);
  return allowed.filter((word) => words.includes(word));
}

/**
 * The part of a granted scope that the client may still have. The operator can remove a scope from a client at any time.
 * @throws {OAuthError} `invalid_grant` if nothing remains
 */
export function limitToClient(
  { scope: allowed }: { readonly scope: readonly string[] },
  granted: readonly string[],
): readonly string[] {
  const scope = granted.filter((word) => allowed.includes(word));
  if (scope.length === 0) throw OAuthError.invalidGrant('the client has no scope of this grant');
  return scope;
}

/** The parameters of a request for one access token. */
export interface AccessTokenRequest {
  /** RFC 8707 §2. */
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
}

/** The resource servers and the scope of a grant. */
export interface GrantedAccess {
  readonly resources: readonly string[];
  readonly scope: readonly string[];
}

/** This server as the resource server of its account API. It is last in the list, so it is never the default audience. */
const createOwnServer = ({ ISSUER: identifier }: AuthConfig): ResourceServer => ({
  identifier,
  scopes: [...Object.keys(ACCOUNT_SCOPES), ...Object.keys(OPENID_SCOPES)],
  privileged: new Map(),
});

@Injectable()
export class ResourceServerService {
  private readonly servers: readonly ResourceServer[];
  /** This server as the resource server of userinfo. */
  private readonly openIdServer: ResourceServer;
  private readonly privilegedScopes: ReadonlyMap<string, readonly string[]>;

  constructor(
    @Inject(AUTH_CONFIG) config: AuthConfig,
    private readonly roles: AccountRoleRepository,
  ) {
    this.privilegedScopes = listPrivilegedScopes(config.RESOURCE_SERVERS);
    this.servers = [...config.RESOURCE_SERVERS, createOwnServer(config)];
    this.openIdServer = { ...createOwnServer(config), scopes: Object.keys(OPENID_SCOPES) };
  }

  get identifiers(): string[] {
    return this.servers.map(({ identifier }) => identifier);
  }

  get scopes(): string[] {
    return this.servers.flatMap(({ scopes }) => scopes);
  }

  /** @returns an empty list for an unknown resource server */
  getScopes(identifier: string): readonly string[] {
    return this.servers.find((server) => server.identifier === identifier)?.scopes ?? [];
  }

  /**
   * Selects scope and resource servers of a grant. Without a requested scope, it is all of `allowed`. Without requested resources,
   * they are all resource servers that have a word of the scope.
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  grant(
    allowed: readonly string[],
    request: { resources: readonly string[]; scope: string | undefined },
  ): GrantedAccess {
    for (const resource of request.resources) this.requireServer(resource);
    const requested = narrowScope(allowed, request.scope);
    const servers = this.selectServers(request.resources).filter(({ scopes }) =>
      scopes.some((scope) => requested.includes(scope)),
    );
    const scope = requested.filter((word) => servers.some(({ scopes }) => scopes.includes(word)));
    if (servers.length === 0) throw OAuthError.invalidScope('no resource server knows the scope');
    return { resources: servers.map(({ identifier }) => identifier), scope };
  }

  /**
   * Selects audience and scope of one access token. It has one audience, and only the scope of that resource server (RFC 9068
   * §3, RFC 9700 §2.3). Without a requested resource, it is the first one that has a word of the scope.
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  selectAudience(
    granted: GrantedAccess,
    request: AccessTokenRequest,
  ): { audience: string; scope: readonly string[] } {
    const audiences = selectAudiences(granted, request);
    const requested = narrowScope(granted.scope, request.scope);
    for (const audience of audiences) {
      const { scopes } = this.requireServer(audience);
      const scope = requested.filter((word) => scopes.includes(word));
      if (scope.length > 0) return { audience, scope };
    }
    throw OAuthError.invalidScope(`nothing granted at ${audiences.join(' ')}`);
  }

  /**
   * The part of a scope that a grant of this account may carry: scopes that are open to every account, and privileged scopes that
   * a role of the account allows. All grants of persons call it, and the client credentials grant does not. Without privileged
   * words it needs no query.
   */
  async limitToRoles(accountId: string, scope: readonly string[]): Promise<readonly string[]> {
    if (!scope.some((word) => this.privilegedScopes.has(word))) return scope;
    return this.filterByRoles(await this.roles.findRoles(accountId), scope);
  }

  /**
   * As {@link limitToRoles}, for the token endpoint and the first-party login.
   * @throws {OAuthError} `invalid_scope` if nothing of the scope remains
   */
  async requireRoles(accountId: string, scope: readonly string[]): Promise<readonly string[]> {
    const allowed = await this.limitToRoles(accountId, scope);
    if (allowed.length < scope.length && allowed.length === 0)
      throw OAuthError.roleRequired('invalid_scope', scope);
    return allowed;
  }

  /** The part of a scope that an account with these roles may have. */
  filterByRoles(roles: readonly string[], scope: readonly string[]): readonly string[] {
    return scope.filter((word) => {
      const allowing = this.privilegedScopes.get(word);
      return !allowing || allowing.some((role) => roles.includes(role));
    });
  }

  /** Userinfo stays available, even if a request names other resources only (OpenID Connect Core §5.3). */
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

/** The requested resource, or all granted resources. */
function selectAudiences(
  { resources }: GrantedAccess,
  { resource }: AccessTokenRequest,
): readonly string[] {
  const audiences = resources.filter((each) => resource === undefined || each === resource);
  if (audiences.length === 0) throw OAuthError.invalidTarget(`not granted: ${resource ?? 'any'}`);
  return audiences;
}
