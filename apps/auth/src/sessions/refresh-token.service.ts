import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/service-kit';
import type { AuthenticatedAccount } from '../accounts/account.repository.js';
import { OAuthError } from '../platform/oauth-error.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import { AccountTransactionService } from './account-transaction.service.js';
import type { DeviceInfo } from '../platform/network.js';
import {
  buildSessionClaims,
  type RefreshTokenFamily,
  RefreshTokenFormat,
  type SessionClaims,
  type TokenState,
} from './refresh-token-family.entity.js';
import {
  type NewRefreshTokenFamily,
  RefreshTokenFamilyRepository,
} from './refresh-token-family.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

/** The properties of a client that decide how long its sessions last. */
export interface RefreshTokenClient {
  readonly id: string;
  /** Seconds; null means the server's default. */
  readonly refreshIdleTtl: number | null;
  /** Seconds; null means the server's default. */
  readonly refreshAbsoluteTtl: number | null;
}

/** How long refresh token families last, and how many an account may have. Instants and durations are in milliseconds. */
@Injectable()
export class RefreshTokenLimits {
  /** Length of the grace window; 0 means that there is none. */
  readonly graceMs: number;
  /** Active families that an account may have. */
  readonly maxPerAccount: number;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.graceMs = config.REFRESH_GRACE_SECONDS * 1000;
    this.maxPerAccount = config.SESSIONS_PER_ACCOUNT;
  }

  now(): number {
    return this.clock.now();
  }

  /** When a family expires that is used at `now` and not again. */
  computeIdleExpiry({ refreshIdleTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshIdleTtl ?? this.config.REFRESH_IDLE_TTL) * 1000;
  }

  /** When a family expires that is created at `now`, even if the client uses it. */
  computeAbsoluteExpiry({ refreshAbsoluteTtl }: RefreshTokenClient, now: number): number {
    return now + (refreshAbsoluteTtl ?? this.config.REFRESH_ABSOLUTE_TTL) * 1000;
  }
}

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

/** A refresh token that a client presented and that is usable, and its family. */
export interface ValidatedRefreshToken {
  readonly family: RefreshTokenFamily;
  readonly client: RefreshTokenClient;
  readonly generation: number;
  /** Thumbprint of the key whose possession the client proved. */
  readonly dpopJkt: string | undefined;
}

const REVOCATION_REASONS: Partial<Record<TokenState, RevocationReason>> = {
  reused: 'reuse',
  ahead: 'rolled_back',
};

/** Rotates refresh tokens, and detects every replay (RFC 9700 §4.14.2). */
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
   * Creates a family with the first refresh token of a login. If the account has more sessions than its limit, the oldest ends.
   * @returns undefined if the account was disabled, its password changed, a role of the scope was revoked, or the browser session
   * ended since the person authenticated, or if {@link FamilyGrant.consume} returned false
   */
  async create(grant: FamilyGrant): Promise<CreatedRefreshToken | undefined> {
    const family = this.buildFamily(grant, await this.families.allocateStatusIndex());
    const session = buildSessionClaims(family);
    const { account, authentication, scope } = grant;
    const login = { account, browserSessionId: authentication?.browserSessionId, scope };
    return this.transactions.runLogin(login, async () => {
      if (grant.consume && !(await grant.consume(family.id))) return undefined;
      await this.insert(family, session.id);
      return { token: this.format.write({ familyId: family.id, generation: 0 }), session };
    });
  }

  /**
   * Checks a refresh token. A replay revokes its family.
   * @param dpopJkt thumbprint of the key whose possession the client proved
   * @throws {OAuthError} `invalid_grant`
   */
  async validate(
    text: string,
    client: RefreshTokenClient,
    dpopJkt?: string,
  ): Promise<ValidatedRefreshToken> {
    const token = this.format.read(text);
    if (!token) throw OAuthError.invalidGrant('not made by this server');
    const family = await this.loadFamily(token.familyId);

    // "… the refresh token … was issued to another client" (RFC 6749 §5.2). The token stays valid for its own client.
    if (family.clientId !== client.id) throw OAuthError.invalidGrant('issued to another client');

    // A caller without the key does not revoke the family, because a stolen token is useless without the key (RFC 9449 §5).
    checkKeyBinding(family, dpopJkt);

    await this.checkState(family, token.generation);
    return { family, client, generation: token.generation, dpopJkt };
  }

  /**
   * Puts the successor into force. Of concurrent calls, on all replicas, one changes the row. The others return the same
   * successor, within the grace window.
   * @param bindTo thumbprint of the key that the family is bound to from now on, unless it is bound already
   * @throws {OAuthError} `invalid_grant`
   */
  async rotate(presented: ValidatedRefreshToken, bindTo?: string): Promise<string> {
    const { family, generation } = presented;
    const successor = this.format.write({ familyId: family.id, generation: generation + 1 });
    const isCurrent = generation === family.generation;
    if (isCurrent && !(await this.tryRotate(presented, bindTo))) {
      const rotated = await this.loadFamily(family.id);
      checkKeyBinding(rotated, presented.dpopJkt);
      await this.checkState(rotated, generation);
    }
    return successor;
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
    await this.revocation.revokeAboveLimit(accountId, { newestId: id, limit });
    await this.revocation.recordCreation({ accountId, clientId, sessionId });
  }

  private tryRotate(
    { family, client }: ValidatedRefreshToken,
    bindTo: string | undefined,
  ): Promise<boolean> {
    const now = this.limits.now();
    const idleExpiresAt = this.limits.computeIdleExpiry(client, now);
    return this.families.rotate(family, { now, idleExpiresAt, dpopJkt: bindTo ?? null });
  }

  private async checkState(family: RefreshTokenFamily, generation: number): Promise<void> {
    const { graceMs: grace } = this.limits;
    const state = family.classifyToken(generation, { now: this.limits.now(), grace });
    if (state === 'current' || state === 'superseded') return;
    const reason = REVOCATION_REASONS[state];
    if (reason) await this.revocation.revokeFamily(family.id, reason);
    throw OAuthError.invalidGrant(`refresh token is ${state}`);
  }

  private async loadFamily(id: string): Promise<RefreshTokenFamily> {
    const family = await this.families.find(id);
    if (!family) throw OAuthError.invalidGrant('unknown family');
    return family;
  }
}

/** Without a browser session the person authenticates as the family is created, by password. */
const toAuthenticationColumns = (authentication: Authentication | undefined) => ({
  authenticatedAt: authentication?.at ?? null,
  amr: authentication?.amr ?? ['pwd'],
  browserSessionId: authentication?.browserSessionId ?? null,
});

function checkKeyBinding({ dpopJkt }: RefreshTokenFamily, proven: string | undefined): void {
  if (dpopJkt !== null && dpopJkt !== proven) throw OAuthError.invalidGrant('bound to another key');
}
