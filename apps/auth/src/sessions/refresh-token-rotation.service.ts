import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailableException } from '@gatehouse/persistence';
import { AskAgainException, Metrics, type RequestArrival } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { OAuthError } from '../platform/oauth-error.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import {
  type RefreshTokenFamily,
  RefreshTokenFormat,
  type TokenState,
} from './refresh-token-family.entity.js';
import { RefreshTokenFamilyRepository, type Rotation } from './refresh-token-family.repository.js';
import { type RefreshTokenClient, RefreshTokenLimits } from './refresh-token-limits.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** The request that presents a refresh token. */
export interface RefreshRequest {
  readonly client: RefreshTokenClient;
  readonly arrival: RequestArrival;
  /** Thumbprint of the key whose possession the client proved. */
  readonly dpopJkt?: string | undefined;
}

/** A refresh token that a client presented and that is usable, and its family. */
export interface ValidatedRefreshToken extends RefreshRequest {
  readonly family: RefreshTokenFamily;
  readonly generation: number;
}

const REVOCATION_REASONS: Partial<Record<TokenState, RevocationReason>> = {
  reused: 'reuse',
  ahead: 'rolled_back',
};

/**
 * A rotation that took longer is stamped again with the instant of its end, because until then no client had the successor.
 * In milliseconds.
 */
const SLOW_MS = 1_000;

/** The second stamp is at most this much later, so that a replica that stood still cannot open the grace window again. */
const MAX_LATER_MS = 20_000;

/** The second stamp is written within this time after the database answers again, in milliseconds. */
const STAMP_DELAY_MS = 100;

/** A second attempt after a statement timeout ends within the time for the answer. */
const MAX_WAIT_FOR_RETRY_MS = 10_500;

/** The results of a presented refresh token. `invalid`: unknown, of another client, or bound to another key. */
const OUTCOMES = [
  'rotated',
  'superseded',
  'reused',
  'ahead',
  'expired',
  'ended',
  'undecided',
  'invalid',
] as const;

/** Rotates refresh tokens, and detects every replay (RFC 9700 §4.14.2). */
@Injectable()
export class RefreshTokenRotation {
  private readonly counter;

  constructor(
    private readonly families: RefreshTokenFamilyRepository,
    private readonly format: RefreshTokenFormat,
    private readonly revocation: RefreshTokenRevocation,
    private readonly limits: RefreshTokenLimits,
    @Inject(Metrics) metrics = new Metrics(),
  ) {
    this.counter = metrics.counter({
      name: 'refresh_tokens_presented_total',
      help: 'Presented refresh tokens, by outcome.',
      labels: ['outcome'],
      series: OUTCOMES.map((outcome) => ({ outcome })),
    });
  }

  /**
   * Checks a refresh token. A replay revokes its family.
   * @throws {OAuthError} `invalid_grant`
   * @throws {AskAgainException} if the state of the token at the arrival of the request is unknown
   */
  async validate(text: string, request: RefreshRequest): Promise<ValidatedRefreshToken> {
    const token = this.format.read(text);
    if (!token) throw this.createInvalidError('not made by this server');
    const family = await this.loadFamily(token.familyId);

    // "… the refresh token … was issued to another client" (RFC 6749 §5.2). The token stays valid for its own client.
    if (family.clientId !== request.client.id)
      throw this.createInvalidError('issued to another client');

    // A caller without the key does not revoke the family, because a stolen token is useless without the key (RFC 9449 §5).
    this.checkKeyBinding(family, request.dpopJkt);

    const validated = { ...request, family, generation: token.generation };
    await this.checkState(validated);
    return validated;
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
    const isRotated = isCurrent && (await this.tryRotate(presented, bindTo));
    if (isCurrent && !isRotated) {
      const rotated = await this.loadFamily(family.id);
      this.checkKeyBinding(rotated, presented.dpopJkt);
      await this.checkState({ ...presented, family: rotated }, isCurrent);
    }
    this.counter.inc({ outcome: isRotated ? 'rotated' : 'superseded' });
    return successor;
  }

  private async tryRotate(
    presented: ValidatedRefreshToken,
    bindTo: string | undefined,
  ): Promise<boolean> {
    const { family, arrival } = presented;
    let sentAt = 0;
    const prepare = (): Rotation => {
      arrival.checkStillWanted();
      sentAt = this.limits.monotonic();
      return this.buildRotation(presented, bindTo);
    };
    const isRotated = await this.families
      .rotate(family, prepare)
      .catch((error: unknown) => this.retryRotation(error, presented, prepare));
    const tookMs = this.limits.monotonic() - sentAt;
    if (isRotated && tookMs > SLOW_MS) {
      const endedAt = this.limits.now() - Math.max(0, tookMs - MAX_LATER_MS);
      // The rotation is durable. Without the second stamp the client only has less time to ask again.
      await this.families.completeRotation(family, endedAt).catch(() => undefined);
    }
    return isRotated;
  }

  /** The database rolled the statement back at its time limit. A table can be locked for longer, for instance by CREATE INDEX. */
  private retryRotation(
    error: unknown,
    { family, arrival }: ValidatedRefreshToken,
    prepare: () => Rotation,
  ): Promise<boolean> {
    const isTimeout = error instanceof DatabaseUnavailableException && error.isStatementTimeout;
    if (!isTimeout || arrival.waitedMs > MAX_WAIT_FOR_RETRY_MS) throw error;
    return this.families.rotate(family, prepare);
  }

  private buildRotation({ client }: ValidatedRefreshToken, bindTo: string | undefined): Rotation {
    const now = this.limits.now();
    const idleExpiresAt = this.limits.computeIdleExpiry(client, now);
    return { now, idleExpiresAt, dpopJkt: bindTo ?? null };
  }

  /** @param wasCurrent the same request found the token current before, so another request rotated it meanwhile */
  private async checkState(presented: ValidatedRefreshToken, wasCurrent = false): Promise<void> {
    let state = this.classify(presented, wasCurrent);
    if (state === 'reused' && presented.arrival.waitedMs > SLOW_MS)
      state = await this.classifyAgain(presented);
    if (state === 'current' || state === 'superseded') return;
    // The client left, so its replay says nothing about a theft: it can have asked another replica meanwhile.
    presented.arrival.checkStillWanted();
    this.counter.inc({ outcome: state });
    if (state === 'undecided') throw new AskAgainException('older than the last rotation');
    const reason = REVOCATION_REASONS[state];
    if (reason) await this.revocation.revokeFamily(presented.family.id, reason);
    throw OAuthError.invalidRefreshToken(`refresh token is ${state}`);
  }

  /** The request waited for a database that stalled. The rotation that it found can lack its second stamp. */
  private async classifyAgain(presented: ValidatedRefreshToken): Promise<TokenState> {
    await delay(STAMP_DELAY_MS);
    const family = await this.loadFamily(presented.family.id);
    const state = this.classify({ ...presented, family });
    return state === 'reused' ? 'undecided' : state;
  }

  private classify(
    { family, generation, arrival }: ValidatedRefreshToken,
    wasCurrent = false,
  ): TokenState {
    const { earliest, latest } = arrival;
    const presentation = { earliest, latest, wasCurrent };
    return family.classifyToken(generation, presentation, this.limits.graceMs);
  }

  private async loadFamily(id: string): Promise<RefreshTokenFamily> {
    const family = await this.families.find(id);
    if (!family) throw this.createInvalidError('unknown family');
    return family;
  }

  private checkKeyBinding({ dpopJkt }: RefreshTokenFamily, proven: string | undefined): void {
    if (dpopJkt !== null && dpopJkt !== proven)
      throw this.createInvalidError('bound to another key');
  }

  private createInvalidError(check: string): OAuthError {
    this.counter.inc({ outcome: 'invalid' });
    return OAuthError.invalidRefreshToken(check);
  }
}
