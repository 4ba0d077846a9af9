import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AccountRepository, type NewEmailOptions } from '../accounts/account.repository.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { filterRoleClaims, type StoredClaims } from '../tokens/standard-claims.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { type KeptSession, SessionService } from './session.service.js';

export interface NewAccount {
  /** Lower case. */
  readonly email: string;
  readonly password: string;
  readonly claims?: StoredClaims;
}

export interface PasswordChange {
  readonly by: Actor;
  /** The one session that stays. */
  readonly kept?: KeptSession | undefined;
  /** The hash that the caller confirmed. If the account has another hash by now, nothing changes. Without it, any hash is replaced. */
  readonly replaces?: string;
  /** Whether the owner chose the password by a link of a mail, without the old one. */
  readonly isReset?: boolean;
}

export interface EmailChange extends NewEmailOptions {
  readonly kept?: KeptSession | undefined;
  /** Whether the account had the address before. */
  readonly isRestored?: boolean;
}

/** The password changed since the caller confirmed it, or the account does not exist. Nothing was changed. */
export class PasswordChangeConflict extends Error {
  override readonly name = 'PasswordChangeConflict';
}

/**
 * The maximum length of the roles of an account as JSON. ID tokens with both claims then still fit into a URL as `id_token_hint`,
 * and access tokens into a request header.
 */
const MAX_ROLES_LENGTH = 1_000;

/** With the role, the account would have too many roles for a token. Nothing was changed. */
export class TooManyRoles extends Error {
  override readonly name = 'TooManyRoles';
}

/** Operations on accounts. Each is one transaction, which also records the security event and revokes the sessions. */
@Injectable()
export class AccountOperationsService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly passwords: PasswordHasher,
    private readonly sessions: SessionService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * @returns the account's id, or undefined if the e-mail is taken
   * @throws {PasswordHashQueueFull}
   */
  async create({ email, password, claims }: NewAccount, by: Actor): Promise<string | undefined> {
    const passwordHash = await this.passwords.hash(password);
    return this.unitOfWork.transaction(async () => {
      const accountId = await this.accounts.create(email, passwordHash);
      if (accountId === undefined) return undefined;
      if (claims) await this.accounts.setClaims(accountId, claims);
      await this.events.record({ type: 'account.created', accountId, by });
      return accountId;
    });
  }

  /**
   * Records that the e-mail address belongs to the person, and keeps the other claims.
   * @returns false if it was recorded before, or the account does not exist
   */
  verifyEmail(accountId: string, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      await this.accounts.lock(accountId);
      const { updated_at, ...claims } = await this.accounts.findClaims(accountId);
      if (claims['email_verified'] === true) return false;
      await this.accounts.setClaims(accountId, { ...claims, email_verified: true });
      await this.events.record({ type: 'account.email_verified', accountId, by });
      return true;
    });
  }

  /**
   * Gives an account an address that its owner has proved, and revokes the sessions. Joins the transaction of the caller, which has
   * locked the account.
   * @returns false if the account is disabled, its password changed since the request, or another account has the address
   */
  async changeEmail(
    accountId: string,
    email: string,
    { kept, isRestored = false, ...condition }: EmailChange,
  ): Promise<boolean> {
    if (!(await this.accounts.setEmail(accountId, email, condition))) return false;
    await this.verifyEmail(accountId, 'owner');
    await this.sessions.revokeAllOfAccount(accountId, 'email_changed', kept);
    const type = isRestored ? 'account.email_restored' : 'account.email_changed';
    await this.events.record({ type, accountId, by: 'owner' });
    return true;
  }

  /**
   * Replaces all claims that ID tokens and userinfo contain about the person.
   * @returns false if the account does not exist
   */
  setClaims(accountId: string, claims: StoredClaims, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.setClaims(accountId, claims))) return false;
      await this.events.record({ type: 'account.claims_changed', accountId, by });
      return true;
    });
  }

  /**
   * Rejects logins of the account from now on, and revokes its sessions.
   * @returns false if the account does not exist, or is disabled already
   */
  disable(accountId: string, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.disable(accountId))) return false;
      await this.sessions.revokeAllOfAccount(accountId, 'account_disabled');
      await this.events.record({ type: 'account.disabled', accountId, by });
      return true;
    });
  }

  /**
   * Accepts logins again. The sessions stay revoked.
   * @returns false if the account does not exist, or is not disabled
   */
  enable(accountId: string, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.enable(accountId))) return false;
      await this.events.record({ type: 'account.enabled', accountId, by });
      return true;
    });
  }

  /**
   * Sets a new password, revokes the sessions (OWASP ASVS 7.4.3), and makes logins fail that began with the old password.
   * @returns the number of active sessions that were revoked
   * @throws {PasswordChangeConflict}
   * @throws {PasswordHashQueueFull}
   */
  async changePassword(
    accountId: string,
    password: string,
    change: PasswordChange,
  ): Promise<number> {
    return this.setPasswordHash(accountId, await this.passwords.hash(password), change);
  }

  /**
   * The same with the hash of the password. Joins a surrounding transaction, which must not wait for a hash.
   * @throws {PasswordChangeConflict}
   */
  setPasswordHash(
    accountId: string,
    passwordHash: string,
    { by, kept, replaces, isReset = false }: PasswordChange,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      if (!(await this.accounts.setPassword(accountId, passwordHash, replaces))) {
        throw new PasswordChangeConflict('the account does not exist, or its password changed');
      }
      const revoked = await this.sessions.revokeAllOfAccount(accountId, 'password_changed', kept);
      const type = isReset ? 'account.password_reset' : 'account.password_changed';
      await this.events.record({ type, accountId, by });
      return revoked;
    });
  }
}

/** Roles of accounts. Each operation is one transaction, which also records the security event and revokes the sessions. */
@Injectable()
export class RoleOperationsService {
  constructor(
    private readonly transactions: AccountTransactionService,
    private readonly roles: AccountRoleRepository,
    private readonly resourceServers: ResourceServerService,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * Tokens contain the role from the next refresh on. Sessions get the scopes that it allows only by a new login.
   * @returns false if the account has the role already
   * @throws {TooManyRoles}
   */
  grant(accountId: string, role: string, by: Actor): Promise<boolean> {
    return this.transactions.run(accountId, async () => {
      if (!(await this.roles.grant(accountId, role))) return false;
      const { length } = JSON.stringify(await this.roles.findRoles(accountId));
      if (length > MAX_ROLES_LENGTH) {
        throw new TooManyRoles(
          `${length} characters in a token, and ${MAX_ROLES_LENGTH} are allowed`,
        );
      }
      await this.events.record({ type: 'role.granted', accountId, role, by });
      return true;
    });
  }

  /**
   * Revokes a role, and the sessions with a scope that the remaining roles do not allow, or whose tokens contain the roles. The
   * status list reports these sessions, so their access tokens become invalid too. A login at the same time waits for the lock of
   * the account.
   * @returns the number of active sessions that were revoked; undefined if the account does not have the role
   */
  revoke(accountId: string, role: string, by: Actor): Promise<number | undefined> {
    return this.transactions.run(accountId, async () => {
      if (!(await this.roles.revoke(accountId, role))) return undefined;
      await this.events.record({ type: 'role.revoked', accountId, role, by });
      const remaining = await this.roles.findRoles(accountId);
      return this.refreshTokenRevocation.revokeMatching(
        accountId,
        ({ scope, claims }) =>
          this.resourceServers.filterByRoles(remaining, scope).length < scope.length ||
          filterRoleClaims([...scope, ...Object.keys(claims)]).length > 0,
        'role_revoked',
      );
    });
  }
}
