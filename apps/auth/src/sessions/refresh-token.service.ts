import { randomBytes } from 'node:crypto';
import { type ConditionalUpdate, type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { OAuthError } from '../platform/oauth-error.js';
import { StatusListService } from '../tokens/status-lists/status-list.service.js';
import { type AuthenticatedAccount, lockAccountForLogin } from '../accounts/login-lock.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { type RefreshTokenClient, RefreshTokenLimits } from './session-limits.js';
import {
  buildSessionClaims,
  RefreshTokenFamily,
  type RevocationReason,
  type SessionClaims,
  type TokenState,
} from './refresh-token-family.entity.js';
import { RefreshTokenFormat } from './refresh-token-format.js';

/** What a login grants, and to whom. */
export interface FamilyGrant {
  readonly account: AuthenticatedAccount;
  readonly client: RefreshTokenClient;
  readonly scope: readonly string[];
  readonly resources: readonly string[];
  readonly device: DeviceInfo;
  /** Where the person authenticated before: in a browser session, or longer ago than now. */
  readonly authentication?: Authentication;
  /** The `claims` parameter of OpenID Connect Core §5.5, as JSON. */
  readonly claims?: string | null;
  /** Thumbprint of the key that the tokens are bound to (RFC 9449 §5). */
  readonly dpopJkt?: string | undefined;
  /** Uses up, in the same transaction, what the family is begun for; where it says no, nothing begins. */
  readonly consume?: (familyId: string) => Promise<boolean>;
}

/** When and how a person proved who they are. */
export interface Authentication {
  readonly at: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly browserSessionId: string;
}

/** Where a login came from, as far as it says so and no more precisely than we need. */
export interface DeviceInfo {
  readonly userAgent: string | null;
  readonly origin: string | null;
}

/** A refresh token that was presented and found good, and the family that it is of. */
export interface ValidatedRefreshToken {
  readonly family: RefreshTokenFamily;
  readonly client: RefreshTokenClient;
  readonly generation: number;
  /** Thumbprint of the key that the client has proven to have. */
  readonly dpopJkt: string | undefined;
}

type NewFamily = Parameters<typeof buildSessionClaims>[0] &
  ReturnType<typeof toAuthenticationColumns>;

/** Without a browser session the person authenticates as the family begins, by password. */
const toAuthenticationColumns = ({ authentication }: FamilyGrant) => ({
  authenticatedAt: authentication?.at ?? null,
  amr: authentication?.amr ?? ['pwd'],
  browserSessionId: authentication?.browserSessionId ?? null,
});

const REVOCATION_REASONS: Partial<Record<TokenState, RevocationReason>> = {
  reused: 'reuse',
  ahead: 'rolled_back',
};

/** Rotation is one statement, and its condition is the lock: nobody else can make the same step. */
const ROTATION = {
  table: 'refresh_token_family',
  set: 'generation = generation + 1, rotated_at = $3, idle_expires_at = $4, dpop_jkt = COALESCE(dpop_jkt, $5)',
  where: 'id = $1 AND generation = $2 AND ended_at IS NULL',
  types: ['text', 'integer', 'bigint', 'bigint', 'text'],
};

/** Rotation of refresh tokens, with certain detection of replays (RFC 9700 §4.14.2). */
@Injectable()
export class RefreshTokenService {
  private readonly families: RowLookup<RefreshTokenFamily>;
  private readonly rotation: ConditionalUpdate;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly format: RefreshTokenFormat,
    private readonly revocation: RefreshTokenRevocation,
    private readonly limits: RefreshTokenLimits,
    private readonly statusLists: StatusListService,
  ) {
    this.families = unitOfWork.lookup(RefreshTokenFamily);
    this.rotation = unitOfWork.conditionalUpdate(ROTATION);
  }

  /**
   * Begins a family: the first refresh token of a login. Where the account has as many sessions as it may, the oldest ends.
   * @returns nothing where the account was disabled, or has another password, or the browser session ended, since the person
   * proved who they are; or where there is nothing to spend any more
   */
  async create(grant: FamilyGrant): Promise<{ token: string; session: SessionClaims } | undefined> {
    const now = this.limits.now();
    const family = {
      id: randomBytes(16).toString('base64url'),
      createdAt: new Date(now),
      absoluteExpiresAt: new Date(this.limits.computeAbsoluteExpiry(grant.client, now)),
      statusIndex: await this.statusLists.allocate(),
      ...toAuthenticationColumns(grant),
    };
    const { account, client } = grant;
    const session = buildSessionClaims(family);
    const hasBegun = await this.unitOfWork.transaction(async () => {
      if (!(await this.lockAccountAndBrowserSession(grant, now))) return false;
      if (grant.consume && !(await grant.consume(family.id))) return false;
      await this.insert(family, grant);
      await this.revocation.revoke(
        { accountId: account.id, newest: family.id, limit: this.limits.maxPerAccount },
        'session_limit',
      );
      const { id: sessionId } = session;
      await this.revocation.recordCreation({
        accountId: account.id,
        clientId: client.id,
        sessionId,
      });
      return true;
    });
    if (!hasBegun) return undefined;
    return { token: this.format.write({ familyId: family.id, generation: 0 }), session };
  }

  /**
   * Finds out what a refresh token is worth. A replay ends its family here.
   * @param dpopJkt thumbprint of the key that the client has proven to have
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

    // "… the refresh token … was issued to another client" (RFC 6749 §5.2). It stays good for its owner.
    if (family.clientId !== client.id) throw OAuthError.invalidGrant('issued to another client');

    // Nor does who lacks the key end anything: stolen without it, the token is of no use (RFC 9449 §5).
    checkKeyBinding(family, dpopJkt);

    await this.requireUsable(family, token.generation);
    return { family, client, generation: token.generation, dpopJkt };
  }

  /**
   * Puts the successor into force. Of any number of callers, here or in other processes, one makes the step; the
   * others are given the same successor, within the grace window.
   * @param bindTo thumbprint of the key that the family is bound to from now on, if it is not bound yet
   * @throws {OAuthError} `invalid_grant`
   */
  async rotate(presented: ValidatedRefreshToken, bindTo?: string): Promise<string> {
    const { family, generation } = presented;
    const successor = this.format.write({ familyId: family.id, generation: generation + 1 });
    const isCurrent = generation === family.generation;
    if (isCurrent && !(await this.tryRotate(presented, bindTo))) {
      const stepped = await this.loadFamily(family.id);
      checkKeyBinding(stepped, presented.dpopJkt);
      await this.requireUsable(stepped, generation);
    }
    return successor;
  }

  /** Ends the family of any of its tokens (RFC 7009 §2.1). A token of another client, or of nobody, changes nothing. */
  async revoke(text: string, clientId: string): Promise<void> {
    const token = this.format.read(text);
    const family = token && (await this.families.find(token.familyId));
    if (family?.clientId === clientId)
      await this.revocation.revoke({ familyId: family.id }, 'logout');
  }

  /** A browser session that ends at the same time ends before, and nothing begins in it, or after, and finds what did. */
  private async lockAccountAndBrowserSession(
    { account, authentication }: FamilyGrant,
    now: number,
  ): Promise<boolean> {
    if (!(await lockAccountForLogin(this.unitOfWork, account, now))) return false;
    if (!authentication) return true;
    const { affected } = await this.unitOfWork.execute(
      'UPDATE browser_session SET last_used_at = last_used_at WHERE id = $1 AND ended_at IS NULL',
      [authentication.browserSessionId],
    );
    return affected === 1;
  }

  private async insert(family: NewFamily, grant: FamilyGrant): Promise<void> {
    const { account, client, device } = grant;
    const now = family.createdAt.getTime();
    await this.unitOfWork.execute(
      `INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation, rotated_at,
         created_at, idle_expires_at, absolute_expires_at, user_agent, origin, status_index, authenticated_at,
         browser_session_id, amr, claims, dpop_jkt)
       VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
      [
        family.id,
        account.id,
        client.id,
        grant.scope.join(' '),
        grant.resources.join(' '),
        now,
        this.limits.computeIdleExpiry(client, now),
        family.absoluteExpiresAt.getTime(),
        device.userAgent,
        device.origin,
        family.statusIndex,
        family.authenticatedAt?.getTime() ?? null,
        family.browserSessionId,
        family.amr.join(' '),
        grant.claims ?? null,
        grant.dpopJkt ?? null,
      ],
    );
  }

  /** The rows of client and family are at hand: what the client's own lifetime is costs no query. */
  private tryRotate(
    { family, client }: ValidatedRefreshToken,
    bindTo: string | undefined,
  ): Promise<boolean> {
    const now = this.limits.now();
    return this.rotation.apply([
      family.id,
      family.generation,
      now,
      this.limits.computeIdleExpiry(client, now),
      bindTo ?? null,
    ]);
  }

  private async requireUsable(family: RefreshTokenFamily, generation: number): Promise<void> {
    const { graceMs: grace } = this.limits;
    const state = family.classifyToken(generation, { now: this.limits.now(), grace });
    if (state === 'current' || state === 'superseded') return;
    const reason = REVOCATION_REASONS[state];
    if (reason) await this.revocation.revoke({ familyId: family.id }, reason);
    throw OAuthError.invalidGrant(`refresh token is ${state}`);
  }

  private async loadFamily(id: string): Promise<RefreshTokenFamily> {
    const family = await this.families.find(id);
    if (!family) throw OAuthError.invalidGrant('unknown family');
    return family;
  }
}

function checkKeyBinding({ dpopJkt }: RefreshTokenFamily, proven: string | undefined): void {
  if (dpopJkt !== null && dpopJkt !== proven) throw OAuthError.invalidGrant('bound to another key');
}
