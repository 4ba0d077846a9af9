import { createHmac } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { BLOCK_SIZE, LIST_SIZE, StatusListRepository } from './status-list.repository.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from '../keys/key-rotation-plan.js';

const HALF_BITS = 10;
const HALF = 2 ** HALF_BITS;
const ROUNDS = 8;

/**
 * Maps the n-th allocation of a list to a slot: a pseudo-random permutation, built as a balanced Feistel network with
 * HMAC-SHA-256. A slot reveals neither how many logins there were nor their order (draft-ietf-oauth-status-list §12.4), even to
 * an attacker who collects many slots.
 *
 * A permutation instead of a random free slot: a counter per list then guarantees over all replicas that no slot is allocated
 * twice (§13.3). A random slot would need a unique index on the status indexes of sessions and clients, and a retry in the
 * transaction of every login.
 *
 * @param n 0 to {@link LIST_SIZE} - 1
 * @param seed secret of the list
 */
export function permuteSlot(n: number, seed: string): number {
  let [left, right] = [Math.floor(n / HALF), n % HALF];
  for (let round = 0; round < ROUNDS; round += 1) {
    [left, right] = [right, left ^ runRoundFunction(seed, round, right)];
  }
  return left * HALF + right;
}

function runRoundFunction(seed: string, round: number, half: number): number {
  return createHmac('sha256', seed).update(`${round}.${half}`).digest().readUInt16BE() % HALF;
}

/** The status index: one number for a list and a slot in it, as the tables store it. */
export const toStatusIndex = (list: number, slot: number): number => list * LIST_SIZE + slot;
export const toListId = (index: number): number => Math.floor(index / LIST_SIZE);
export const toSlot = (index: number): number => index % LIST_SIZE;

export const STATUS_LISTS_PATH = '/oauth/status-lists';

/** The URI of the list of all status lists (draft-ietf-oauth-status-list §9). */
export const buildStatusListsUri = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}${STATUS_LISTS_PATH}`;

/** The URI of one list: `uri` in access tokens and `sub` in the Status List Token, which must be equal (§5.1). */
export const buildStatusListUri = (issuer: string, list: number): string =>
  `${buildStatusListsUri(issuer)}/${list}`;

/** A request that runs when its session ends may still issue a token, for this many milliseconds. */
const IN_FLIGHT_MS = 60_000;

/**
 * How long the list marks a session as revoked after its end, in milliseconds. Later every access token of the session has
 * expired, and the status of an expired token does not matter (draft-ietf-oauth-status-list §7.1). So a list costs as much as the
 * sessions that ended within about an hour, and not as much as all sessions.
 */
export const computePublicationPeriod = ({ CLOCK_SKEW }: Pick<AuthConfig, 'CLOCK_SKEW'>): number =>
  (MAX_TOKEN_LIFETIME_SECONDS + 2 * CLOCK_SKEW) * 1000 + IN_FLIGHT_MS;

/** The reference of a token to its status (draft-ietf-oauth-status-list §6.2). */
export interface StatusClaim {
  readonly status?: { readonly status_list: { readonly idx: number; readonly uri: string } };
}

/** When the newest block is older than this, in milliseconds, its remaining indexes are dropped. */
const BLOCK_LIFETIME_MS = 86_400_000;

/** Upper bound of the time between the reservation and the allocation of an index, in milliseconds. */
const MAX_HELD_MS = 2 * BLOCK_LIFETIME_MS;

/** The longest session in milliseconds: the maximum of `REFRESH_ABSOLUTE_TTL`. */
const MAX_SESSION_MS = 31_536_000_000;

/** Allocates status indexes for sessions and clients (draft-ietf-oauth-status-list §4), and creates the claim of their tokens. */
@Injectable()
export class StatusListService {
  /** Indexes reserved by this process, oldest first. */
  private freeIndexes: number[] = [];
  private reservedAt = 0;
  private pendingRefill: Promise<void> | undefined;

  constructor(
    private readonly repository: StatusListRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Opens the first status list. */
  async open(): Promise<void> {
    await this.repository.openListIfNeeded();
  }

  /** "Once all Referenced Tokens are expired, the Issuer may stop serving the Status List Token" (§13.1). */
  async removeExpired(): Promise<void> {
    const longest = MAX_HELD_MS + MAX_SESSION_MS + computePublicationPeriod(this.config);
    await this.repository.deleteUnused({ fullSince: this.clock.now() - longest });
  }

  /**
   * Allocates an index that was never allocated before (§13.3). It seldom waits for the database.
   *
   * @returns null with `STATUS_LISTS=false`
   * @throws {Error} inside a transaction, because a rollback would free the reserved block for a second allocation
   */
  async allocate(): Promise<number | null> {
    if (!this.config.STATUS_LISTS) return null;
    if (this.unitOfWork.isInTransaction) {
      throw new Error('allocate a status index before the transaction');
    }
    if (this.clock.monotonic() >= this.reservedAt + BLOCK_LIFETIME_MS) this.freeIndexes = [];
    for (;;) {
      const index = this.freeIndexes.shift();
      if (index === undefined) {
        await this.refillOnce();
        continue;
      }
      if (this.freeIndexes.length < BLOCK_SIZE / 4) void this.refillOnce().catch(() => undefined);
      return index;
    }
  }

  /** @param index from {@link allocate} */
  createClaim(index: number | null | undefined): StatusClaim {
    if (!this.config.STATUS_LISTS || index === null || index === undefined) return {};
    const uri = buildStatusListUri(this.config.ISSUER, toListId(index));
    return { status: { status_list: { idx: toSlot(index), uri } } };
  }

  private refillOnce(): Promise<void> {
    this.pendingRefill ??= this.refill().finally(() => {
      this.pendingRefill = undefined;
    });
    return this.pendingRefill;
  }

  private async refill(): Promise<void> {
    const { list, seed, first } = await this.repository.reserveBlock();
    const slots = Array.from({ length: BLOCK_SIZE }, (_, n) => permuteSlot(first + n, seed));
    this.freeIndexes.push(...slots.map((slot) => toStatusIndex(list, slot)));
    this.reservedAt = this.clock.monotonic();
  }
}
