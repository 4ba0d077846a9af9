import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { buildStatusListUri, permuteSlot, toListId, toSlot, toStatusIndex } from './status-list.js';
import { BLOCK_SIZE, StatusListRepository } from './status-list.repository.js';
import { computePublicationPeriod } from './status-snapshot.service.js';

/** How a token refers to its status (draft-ietf-oauth-status-list §6.2). */
export interface StatusClaim {
  readonly status?: { readonly status_list: { readonly idx: number; readonly uri: string } };
}

/** How old the newest block may become, in milliseconds, before what is left is dropped. Of the one before it little is left then. */
const BLOCK_LIFETIME_MS = 86_400_000;

/** Nothing is handed out later than this after it was reserved, in milliseconds. */
const MAX_HELD_MS = 2 * BLOCK_LIFETIME_MS;

/** The longest session in milliseconds, under any configuration: the limit of `REFRESH_ABSOLUTE_TTL`. */
const MAX_SESSION_MS = 31_536_000_000;

/** Gives every session a place in a status list (draft-ietf-oauth-status-list §4), and every token its claim. */
@Injectable()
export class StatusListService {
  /** Nobody else's, here or in other processes; the oldest first. */
  private freeIndexes: number[] = [];
  private reservedAt = 0;
  private pendingRefill: Promise<void> | undefined;

  constructor(
    private readonly repository: StatusListRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** Makes sure that there is a list to take indexes from. */
  async open(): Promise<void> {
    await this.repository.openListIfNeeded();
  }

  /** "Once all Referenced Tokens are expired, the Issuer may stop serving the Status List Token" (§13.1). */
  async removeExpired(): Promise<void> {
    const longest = MAX_HELD_MS + MAX_SESSION_MS + computePublicationPeriod(this.config);
    await this.repository.deleteUnused({ fullSince: this.clock.now() - longest });
  }

  /**
   * An index that nothing had before (§13.3), or null where there are no status lists. Seldom waits for the database.
   *
   * @throws {Error} inside of a transaction: what that takes back would be handed out a second time
   */
  async allocate(): Promise<number | null> {
    if (!this.config.STATUS_LISTS) return null;
    if (this.unitOfWork.isInTransaction) throw new Error('allot an index before the transaction');
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

  /** @param index what {@link allocate} gave */
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
    const places = Array.from({ length: BLOCK_SIZE }, (_, n) => permuteSlot(first + n, seed));
    this.freeIndexes.push(...places.map((place) => toStatusIndex(list, place)));
    this.reservedAt = this.clock.now();
  }
}
