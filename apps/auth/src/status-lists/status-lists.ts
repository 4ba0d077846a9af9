import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { listOf, placeIn, placeOf, statusIndex } from './status-index.js';
import { BLOCK_SIZE, StatusListStore } from './status-list-store.js';
import { statusListUri } from './status-list-uri.js';

/** How a token refers to its status (draft-ietf-oauth-status-list §6.2). */
export interface StatusClaim {
  readonly status?: { readonly status_list: { readonly idx: number; readonly uri: string } };
}

/** How old the newest block may become, in milliseconds, before what is left is dropped. Of the one before it little is left then. */
const BLOCK_LIFE_MS = 86_400_000;

/** Nothing is handed out later than this after it was reserved, in milliseconds. */
export const LONGEST_HELD_MS = 2 * BLOCK_LIFE_MS;

/** Gives every session a place in a status list (draft-ietf-oauth-status-list §4), and every token its claim. */
@Injectable()
export class StatusLists {
  /** Nobody else's, here or in other processes; the oldest first. */
  private free: number[] = [];
  private reservedAt = 0;
  private reserving: Promise<void> | undefined;

  constructor(
    private readonly store: StatusListStore,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * An index that nothing had before (§13.3), or null where there are no status lists. Seldom waits for the database.
   *
   * @throws {Error} inside of a transaction: what that takes back would be handed out a second time
   */
  async allot(): Promise<number | null> {
    if (!this.config.STATUS_LISTS) return null;
    if (this.unitOfWork.isInTransaction) throw new Error('allot an index before the transaction');
    if (this.clock.now() >= this.reservedAt + BLOCK_LIFE_MS) this.free = [];
    for (;;) {
      const index = this.free.shift();
      if (index === undefined) {
        await this.reserve();
        continue;
      }
      if (this.free.length < BLOCK_SIZE / 4) void this.reserve().catch(() => undefined);
      return index;
    }
  }

  /** @param index what {@link allot} gave */
  claim(index: number | null | undefined): StatusClaim {
    if (!this.config.STATUS_LISTS || index === null || index === undefined) return {};
    const uri = statusListUri(this.config.ISSUER, listOf(index));
    return { status: { status_list: { idx: placeIn(index), uri } } };
  }

  private reserve(): Promise<void> {
    this.reserving ??= this.refill().finally(() => {
      this.reserving = undefined;
    });
    return this.reserving;
  }

  private async refill(): Promise<void> {
    const { list, seed, first } = await this.store.reserve();
    const places = Array.from({ length: BLOCK_SIZE }, (_, n) => placeOf(first + n, seed));
    this.free.push(...places.map((place) => statusIndex(list, place)));
    this.reservedAt = this.clock.now();
  }
}
