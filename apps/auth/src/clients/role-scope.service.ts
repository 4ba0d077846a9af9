import { Inject, Injectable } from '@nestjs/common';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import { listPrivilegedScopes } from '../platform/resource-servers.js';

/**
 * Computes the scope that a grant of a person may carry: the scopes that are open to every account, and the privileged scopes
 * that a role of the account allows. The grants of persons call it at authorization, code exchange, refresh, token exchange and
 * first-party login. The client credentials grant does not, because no person is involved.
 */
@Injectable()
export class RoleScopeService {
  private readonly privileged: ReadonlyMap<string, readonly string[]>;

  constructor(
    private readonly roles: AccountRoleRepository,
    @Inject(AUTH_CONFIG) config: AuthConfig,
  ) {
    this.privileged = listPrivilegedScopes(config.RESOURCE_SERVERS);
  }

  /** @returns the part of the scope that the account may have now, perhaps nothing. Without privileged words it needs no query. */
  async limit(accountId: string, scope: readonly string[]): Promise<readonly string[]> {
    if (!scope.some((word) => this.privileged.has(word))) return scope;
    return this.limitToRoles(await this.roles.findRoles(accountId), scope);
  }

  /** @returns the part of the scope that an account with these roles may have */
  limitToRoles(roles: readonly string[], scope: readonly string[]): readonly string[] {
    return scope.filter((word) => {
      const allowedRoles = this.privileged.get(word);
      return !allowedRoles || allowedRoles.some((role) => roles.includes(role));
    });
  }

  /**
   * As {@link limit}, for a request that is useless without scope.
   * @throws {OAuthError} `invalid_scope` if nothing remains
   */
  async require(accountId: string, scope: readonly string[]): Promise<readonly string[]> {
    const limited = await this.limit(accountId, scope);
    if (limited.length === 0) throw OAuthError.roleRequired('invalid_scope', scope);
    return limited;
  }
}
