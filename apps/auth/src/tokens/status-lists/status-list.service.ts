import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { buildStatusListUri, permuteSlot, toListId, toSlot, toStatusIndex } from './status-list.js';
import { BLOCK_SIZE, StatusListRepository } from './status-list.repository.js';
import { computePublicationPeriod } from './status-snapshot.service.js';

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
    if (this.clock.now() >= this.reservedAt + BLOCK_LIFETIME_MS) this.freeIndexes = [];
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
    this.reservedAt = this.clock.now();
  }
}
