import { Inject, Injectable } from '@nestjs/common';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import {
  createServerFinder,
  listPrivilegedScopes,
  type ResourceServer,
} from '../platform/resource-servers.js';
import { splitWords } from '../platform/request-text.js';
import { filterRoleClaims, type RoleClaims } from '../tokens/standard-claims.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from './auth.scopes.js';
import { foreignScopeError, narrowScope, noCommonScopeError } from './requested-scope.js';

/** The parameters of a request for one access token, as sent. */
export interface AccessTokenRequest {
  /** RFC 8707 §2. */
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
}

/**
 * The resource servers and the scope of a grant. If the client named resource servers, userinfo is available but not listed
 * (OpenID Connect Core §5.3).
 */
export interface GrantedAccess {
  readonly resources: readonly string[];
  readonly scope: readonly string[];
}

/** `aud` and `scope` of one access token. */
export interface TokenAccess {
  readonly audience: string | readonly string[];
  readonly scope: readonly string[];
  /** Scopes whose claims the token contains for any audience, unlike those that userinfo returns. */
  readonly roleScope: readonly string[];
}
type SingleAccess = TokenAccess & { readonly audience: string };

/** This server as the resource server of its account API. It is last in the list, so it is never the default audience. */
const createOwnServer = ({ ISSUER: identifier }: AuthConfig): ResourceServer => ({
  identifier,
  scopes: [...Object.keys(ACCOUNT_SCOPES), ...Object.keys(OPENID_SCOPES)],
  privileged: new Map(),
});

const isOpenIdScope = (word: string): boolean => Object.hasOwn(OPENID_SCOPES, word);
const isAccountScope = (word: string): boolean => Object.hasOwn(ACCOUNT_SCOPES, word);

@Injectable()
export class ResourceServerService {
  private readonly servers: readonly ResourceServer[];
  private readonly findServer: (uri: string) => ResourceServer | undefined;
  private readonly issuer: string;
  /** The scopes of all resource servers. */
  readonly scopes: readonly string[];
  private readonly privilegedScopes: ReadonlyMap<string, readonly string[]>;

  constructor(
    @Inject(AUTH_CONFIG) config: AuthConfig,
    private readonly roles: AccountRoleRepository,
  ) {
    this.privilegedScopes = listPrivilegedScopes(config.RESOURCE_SERVERS);
    this.servers = [...config.RESOURCE_SERVERS, createOwnServer(config)];
    this.findServer = createServerFinder(this.servers);
    this.issuer = config.ISSUER;
    this.scopes = this.servers.flatMap(({ scopes }) => scopes);
  }

  get identifiers(): string[] {
    return this.servers.map(({ identifier }) => identifier);
  }

  /** `scopes_supported`: clients request all of these words, so each must be a scope that a user can grant by consent. */
  get advertisedScopes(): readonly string[] {
    return this.scopes.filter((word) => !this.privilegedScopes.has(word));
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
    const named = request.resources.map((resource) => this.requireServer(resource));
    const requested = narrowScope(allowed, request.scope, this.scopes);
    this.requireScopesOf(named, request.scope);
    for (const server of named) requireCommonScope(server, requested);
    const servers = this.servers.filter(
      (server) =>
        (named.length === 0 || named.includes(server)) && hasCommonScope(server, requested),
    );
    if (servers.length === 0) {
      throw OAuthError.invalidScope(
        `No scope to grant: ${requested.join(' ') || 'none is registered'}.`,
      );
    }
    return {
      resources: servers.map(({ identifier }) => identifier),
      scope: requested.filter(
        (word) => isOpenIdScope(word) || servers.some(({ scopes }) => scopes.includes(word)),
      ),
    };
  }

  /**
   * Selects the audience and the scope of one access token. It has one audience, and only the scope of that resource server
   * (RFC 9068 §3, RFC 9700 §2.3). Without a requested resource, it is the first one that has a word of the scope.
   *
   * @param granted its scope is narrowed to the requested one
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  selectAudience(granted: GrantedAccess, request: AccessTokenRequest): SingleAccess {
    const servers = this.selectServers(granted, request);
    for (const { identifier: audience, scopes } of servers) {
      const scope = granted.scope.filter((word) => scopes.includes(word));
      if (scope.length > 0) return { audience, scope, roleScope: filterRoleClaims(granted.scope) };
    }
    const isResourceNamed = splitWords(request.resource ?? '').length > 0;
    throw noCommonScopeError(servers, granted.scope, { isResourceNamed });
  }

  /**
   * The same for a token of a grant without refresh token. The client could not get the rest of a requested scope later, so a
   * scope of several resource servers is refused (RFC 8707 §2: the resource is missing).
   * @throws {OAuthError} `invalid_scope`, `invalid_target`
   */
  selectOnlyAudience(granted: GrantedAccess, request: AccessTokenRequest): SingleAccess {
    const access = this.selectAudience(granted, request);
    const requested = granted.scope.filter((word) =>
      splitWords(request.scope ?? '').includes(word),
    );
    if (requested.every((word) => access.scope.includes(word))) return access;
    throw OAuthError.invalidTarget(
      `The scope belongs to several resources: ${requested.join(' ')}. Name one resource, and its scope.`,
      { presented: requested.join(' ') },
    );
  }

  /**
   * The same for a token that a user granted. If the user signed in with `openid` for an API, and the client named no resource,
   * the token is for the API and for userinfo, because client libraries send the token of the sign-in to both (decision 23). It
   * never opens the account API.
   */
  selectSignInAudience(
    granted: GrantedAccess,
    request: AccessTokenRequest,
    { separateTokens }: { readonly separateTokens: boolean },
  ): TokenAccess {
    const single = this.selectAudience(this.addUserInfo(granted), request);
    const isOptional = !separateTokens && splitWords(request.resource ?? '').length === 0;
    if (!isOptional || !granted.resources.includes(this.issuer)) return single;
    return this.addOpenIdScopes(single, granted.scope);
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
   * Narrows a granted scope to the one of a refresh request. Libraries repeat the scope of the sign-in, of which the roles of the
   * user left out words. These are ignored again, unless nothing else was requested.
   * @throws {OAuthError} `invalid_scope`
   */
  narrowAtRefresh(granted: readonly string[], requested: string | undefined): readonly string[] {
    const words = splitWords(requested ?? '');
    const kept = words.filter((word) => granted.includes(word) || !this.privilegedScopes.has(word));
    return narrowScope(granted, kept.length > 0 ? kept.join(' ') : requested, this.scopes);
  }

  /**
   * As {@link limitToRoles}, for the token endpoint and the first-party login.
   * @throws {OAuthError} `invalid_scope` if the roles allow nothing of the scope
   */
  async requireRoles(accountId: string, scope: readonly string[]): Promise<readonly string[]> {
    const allowed = await this.limitToRoles(accountId, scope);
    if (allowed.length === 0 && scope.length > 0)
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

  /**
   * The roles of an account, as the claims that the words name. Without such a word it needs no query. A caller that creates a
   * token must have created or read its session before, so that a revocation of a role either precedes this query or revokes the
   * session.
   * @param names scopes or claims
   */
  async findRoleClaims(accountId: string, names: readonly string[]): Promise<RoleClaims> {
    const wanted = filterRoleClaims(names);
    if (wanted.length === 0) return {};
    const roles = await this.roles.findRoles(accountId);
    return Object.fromEntries(wanted.map((name) => [name, roles]));
  }

  private addUserInfo({ resources, scope }: GrantedAccess): GrantedAccess {
    const isListed = resources.includes(this.issuer) || !scope.some(isOpenIdScope);
    return { resources: isListed ? resources : [...resources, this.issuer], scope };
  }

  private addOpenIdScopes(single: SingleAccess, requested: readonly string[]): TokenAccess {
    const isForUserInfo = single.audience !== this.issuer && requested.includes('openid');
    // A scope of the API with the name of an account scope would open the account API.
    if (!isForUserInfo || single.scope.some(isAccountScope)) return single;
    return {
      ...single,
      audience: [single.audience, this.issuer],
      scope: requested.filter((word) => single.scope.includes(word) || isOpenIdScope(word)),
    };
  }

  /** The requested resource server, or all granted ones. */
  private selectServers(
    { resources }: GrantedAccess,
    { resource = '', scope }: AccessTokenRequest,
  ): readonly ResourceServer[] {
    const named = new Set(splitWords(resource).map((uri) => this.requireServer(uri)));
    if (named.size > 1) {
      throw OAuthError.invalidTarget(`Name one resource per access token: ${resource}.`, {
        presented: resource,
      });
    }
    this.requireScopesOf([...named], scope);
    const granted = resources.flatMap((identifier) => this.findServer(identifier) ?? []);
    const servers = granted.filter((server) => named.size === 0 || named.has(server));
    if (servers.length > 0) return servers;
    throw OAuthError.invalidTarget(
      resource ? `Resource not granted: ${resource}.` : 'No resource is granted.',
      { presented: resource, expected: resources.join(' ') },
    );
  }

  /** A client that names both gets both, or an error. Words that no resource server knows were handled before. */
  private requireScopesOf(named: readonly ResourceServer[], scope: string | undefined): void {
    if (named.length === 0) return;
    const foreign = splitWords(scope ?? '').filter(
      (word) =>
        this.scopes.includes(word) &&
        !isOpenIdScope(word) &&
        !named.some(({ scopes }) => scopes.includes(word)),
    );
    if (foreign.length > 0) throw foreignScopeError(named, foreign);
  }

  private requireServer(identifier: string): ResourceServer {
    const server = this.findServer(identifier);
    if (server) return server;
    const expected = this.identifiers.join(' ');
    throw OAuthError.invalidTarget(`Unknown resource: ${identifier}.`, {
      presented: identifier,
      expected,
    });
  }
}

const hasCommonScope = ({ scopes }: ResourceServer, words: readonly string[]): boolean =>
  scopes.some((word) => words.includes(word));

/** A request for a resource without one of its scopes is refused, because a token without that audience would surprise the client. */
function requireCommonScope(server: ResourceServer, requested: readonly string[]): void {
  if (hasCommonScope(server, requested)) return;
  throw noCommonScopeError([server], requested, { isResourceNamed: true });
}
