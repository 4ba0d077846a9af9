import { randomBytes } from 'node:crypto';
import { type ConditionalUpdate, type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { SecurityEvents } from '../security-events/security-events.js';
import {
  type EndReason,
  RefreshTokenFamily,
  type Session,
  sessionIdOf,
  type TokenState,
} from './refresh-token-family.entity.js';
import { RefreshTokenFormat } from './refresh-token.js';

/** What a login grants. */
export interface Grant {
  readonly accountId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly resources: readonly string[];
}

/** A refresh token that was presented and found good, and the family that it is of. */
export interface Presented {
  readonly family: RefreshTokenFamily;
  readonly generation: number;
}

const ENDS: Partial<Record<TokenState, EndReason>> = { reused: 'reuse', ahead: 'rolled_back' };

/** Rotation is one statement, and its condition is the lock: nobody else can make the same step. */
const STEP = {
  table: 'refresh_token_family',
  set: 'generation = generation + 1, rotated_at = $3, idle_expires_at = $4',
  where: 'id = $1 AND generation = $2 AND ended_at IS NULL',
  types: ['text', 'integer', 'bigint', 'bigint'],
};

/** Rotation of refresh tokens, with certain detection of replays (RFC 9700 §4.14.2). */
@Injectable()
export class RefreshTokens {
  private readonly families: RowLookup<RefreshTokenFamily>;
  private readonly stepped: ConditionalUpdate;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly format: RefreshTokenFormat,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.families = unitOfWork.lookup(RefreshTokenFamily);
    this.stepped = unitOfWork.conditionalUpdate(STEP);
  }

  /** Begins a family: the first refresh token of a login. */
  async begin(grant: Grant): Promise<{ token: string; session: Session }> {
    const id = randomBytes(16).toString('base64url');
    const now = this.clock.now();
    const absoluteEnd = now + this.config.REFRESH_ABSOLUTE_TTL * 1000;
    await this.unitOfWork.execute(
      `INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation,
         rotated_at, created_at, idle_expires_at, absolute_expires_at)
       VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8)`,
      [
        id,
        grant.accountId,
        grant.clientId,
        grant.scope.join(' '),
        grant.resources.join(' '),
        now,
        this.idleEnd(now),
        absoluteEnd,
      ],
    );
    const { accountId, clientId } = grant;
    this.events.emit({ type: 'family.begun', accountId, clientId, sessionId: sessionIdOf(id) });
    return {
      token: this.format.write({ familyId: id, generation: 0 }),
      session: {
        id: sessionIdOf(id),
        authenticatedAt: new Date(now),
        endsAt: new Date(absoluteEnd),
      },
    };
  }

  /**
   * Finds out what a refresh token is worth. A replay ends its family here.
   * @throws {OAuthError} `invalid_grant`
   */
  async present(text: string, clientId: string): Promise<Presented> {
    const token = this.format.read(text);
    if (!token) throw OAuthError.invalidGrant('not made by this server');
    const family = await this.familyOf(token.familyId);

    // "… the refresh token … was issued to another client" (RFC 6749 §5.2). It stays good for its owner.
    if (family.clientId !== clientId) throw OAuthError.invalidGrant('issued to another client');

    await this.refuseUnlessUsable(family, token.generation);
    return { family, generation: token.generation };
  }

  /**
   * Puts the successor into force. Of any number of callers, here or in other processes, one makes the step; the
   * others are given the same successor, within the grace window.
   * @throws {OAuthError} `invalid_grant`
   */
  async rotate({ family, generation }: Presented): Promise<string> {
    const successor = this.format.write({ familyId: family.id, generation: generation + 1 });
    const isCurrent = generation === family.generation;
    if (isCurrent && !(await this.step(family))) {
      await this.refuseUnlessUsable(await this.familyOf(family.id), generation);
    }
    return successor;
  }

  /** Ends the family of any of its tokens (RFC 7009 §2.1). A token of another client, or of nobody, changes nothing. */
  async revoke(text: string, clientId: string): Promise<void> {
    const token = this.format.read(text);
    const family = token && (await this.families.find(token.familyId));
    if (family?.clientId === clientId) await this.end(family, 'logout');
  }

  private step(family: RefreshTokenFamily): Promise<boolean> {
    const now = this.clock.now();
    return this.stepped.apply([family.id, family.generation, now, this.idleEnd(now)]);
  }

  private async refuseUnlessUsable(family: RefreshTokenFamily, generation: number): Promise<void> {
    const grace = this.config.REFRESH_GRACE_SECONDS * 1000;
    const state = family.stateOf(generation, { now: this.clock.now(), grace });
    if (state === 'current' || state === 'superseded') return;
    const reason = ENDS[state];
    if (reason) await this.end(family, reason);
    throw OAuthError.invalidGrant(`refresh token is ${state}`);
  }

  private async end(family: RefreshTokenFamily, reason: EndReason): Promise<void> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE refresh_token_family SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL`,
      [family.id, this.clock.now(), reason],
    );
    if (affected === 0) return;
    const { accountId, clientId, session } = family;
    this.events.emit({ type: 'family.ended', reason, accountId, clientId, sessionId: session.id });
  }

  private async familyOf(id: string): Promise<RefreshTokenFamily> {
    const family = await this.families.find(id);
    if (!family) throw OAuthError.invalidGrant('unknown family');
    return family;
  }

  private idleEnd(now: number): number {
    return now + this.config.REFRESH_IDLE_TTL * 1000;
  }
}
