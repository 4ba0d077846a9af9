import { randomBytes } from 'node:crypto';
import type { RequestArrival } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { AuthenticatedAccount } from '../accounts/account.repository.js';
import { AccountTransactionService } from './account-transaction.service.js';
import type { DeviceInfo } from '../platform/network.js';
import {
  buildSessionClaims,
  RefreshTokenFormat,
  type SessionClaims,
} from './refresh-token-family.entity.js';
import {
  type NewRefreshTokenFamily,
  RefreshTokenFamilyRepository,
} from './refresh-token-family.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { type RefreshTokenClient, RefreshTokenLimits } from './refresh-token-limits.js';

/** The access that a login grants to a client. */
export interface FamilyGrant {
  readonly account: AuthenticatedAccount;
  readonly client: RefreshTokenClient;
  readonly scope: readonly string[];
  readonly resources: readonly string[];
  readonly device: DeviceInfo;
  /** The earlier authentication of the person in a browser session. Without it, the person authenticates now. */
  readonly authentication?: Authentication;
  /** The `claims` parameter of OpenID Connect Core §5.5, as JSON. */
  readonly claims?: string | null;
  /** Thumbprint of the key that the tokens are bound to (RFC 9449 §5). */
  readonly dpopJkt?: string | undefined;
  /** The request of the login. No family is created after its client left. */
  readonly arrival?: RequestArrival;
  /** Marks the authorization code as used, in the same transaction. If it returns false, no family is created. */
  readonly consume?: (familyId: string) => Promise<boolean>;
}

/** When and how a person authenticated. */
export interface Authentication {
  readonly at: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly browserSessionId: string;
}

/** The first refresh token of a login, and its session. */
export interface CreatedRefreshToken {
  readonly token: string;
  readonly session: SessionClaims;
}

/** Creates and revokes refresh token families. */
@Injectable()
export class RefreshTokenService {
  constructor(
    private readonly families: RefreshTokenFamilyRepository,
    private readonly transactions: AccountTransactionService,
    private readonly format: RefreshTokenFormat,
    private readonly revocation: RefreshTokenRevocation,
    private readonly limits: RefreshTokenLimits,
  ) {}

  /**
   * Creates a family with the first refresh token of a login. If the account has more sessions than its limit, the oldest of the client
   * ends, or else the oldest.
   * @returns undefined if the account was disabled, its password changed, a role of the scope was revoked, or the browser session
   * ended since the person authenticated, or if {@link FamilyGrant.consume} returned false
   */
  async create(grant: FamilyGrant): Promise<CreatedRefreshToken | undefined> {
    const family = this.buildFamily(grant, await this.families.allocateStatusIndex());
    const session = buildSessionClaims(family);
    const { account, authentication, scope } = grant;
    const login = { account, browserSessionId: authentication?.browserSessionId, scope };
    return this.transactions.runLogin(login, async () => {
      grant.arrival?.checkStillWanted();
      if (grant.consume && !(await grant.consume(family.id))) return undefined;
      await this.insert(family, session.id);
      return { token: this.format.write({ familyId: family.id, generation: 0 }), session };
    });
  }

  /** Revokes the family of a token (RFC 7009 §2.1). A forged token, or a token of another client, changes nothing. */
  async revoke(text: string, clientId: string): Promise<void> {
    const token = this.format.read(text);
    const family = token && (await this.families.find(token.familyId));
    if (family?.clientId === clientId) await this.revocation.revokeFamily(family.id, 'logout');
  }

  private buildFamily(grant: FamilyGrant, statusIndex: number | null): NewRefreshTokenFamily {
    const { account, client, authentication, device } = grant;
    const now = this.limits.now();
    return {
      id: randomBytes(16).toString('base64url'),
      accountId: account.id,
      clientId: client.id,
      scope: grant.scope,
      resources: grant.resources,
      createdAt: new Date(now),
      idleExpiresAt: new Date(this.limits.computeIdleExpiry(client, now)),
      absoluteExpiresAt: new Date(this.limits.computeAbsoluteExpiry(client, now)),
      userAgent: device.userAgent,
      origin: device.origin,
      statusIndex,
      ...toAuthenticationColumns(authentication),
      claims: grant.claims ?? null,
      dpopJkt: grant.dpopJkt ?? null,
    };
  }

  private async insert(family: NewRefreshTokenFamily, sessionId: string): Promise<void> {
    const { id, accountId, clientId } = family;
    await this.families.insert(family);
    const limit = this.limits.maxPerAccount;
    await this.revocation.revokeAboveLimit(accountId, { newestId: id, clientId, limit });
    await this.revocation.recordCreation({ accountId, clientId, sessionId });
  }
}

/** Without a browser session the person authenticates as the family is created, by password. */
const toAuthenticationColumns = (authentication: Authentication | undefined) => ({
  authenticatedAt: authentication?.at ?? null,
  amr: authentication?.amr ?? ['pwd'],
  browserSessionId: authentication?.browserSessionId ?? null,
});
