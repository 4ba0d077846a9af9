import { createHash } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { LIST_SIZE, StatusListRepository } from './status-list.repository.js';
import { computePublicationPeriod, toListId, toSlot } from './status-list.service.js';

/** The byte array of a list without a revoked slot. */
const ALL_VALID = Buffer.alloc(LIST_SIZE / 8);

/** All lists and their set bits at one moment. */
export class StatusSnapshot {
  private readonly bytesByList = new Map<number, Buffer>();
  private readonly digests = new Map<number, string>();

  constructor(
    readonly lists: readonly number[],
    revokedIndexes: readonly number[],
  ) {
    for (const index of revokedIndexes) this.markRevoked(toListId(index), toSlot(index));
  }

  hasList(list: number): boolean {
    return this.lists.includes(list);
  }

  /** One bit per slot: 0 is VALID, 1 is INVALID (draft-ietf-oauth-status-list §4.1, §7.1). */
  getBytes(list: number): Buffer {
    return this.bytesByList.get(list) ?? ALL_VALID;
  }

  computeDigest(list: number): string {
    const cached = this.digests.get(list);
    if (cached !== undefined) return cached;
    const digest = createHash('sha256').update(this.getBytes(list)).digest('base64url');
    this.digests.set(list, digest);
    return digest;
  }

  /** "… packed into bytes from the least significant bit" (§4.1). */
  private markRevoked(list: number, slot: number): void {
    const bytes = this.bytesByList.get(list) ?? Buffer.alloc(LIST_SIZE / 8);
    bytes[slot >> 3] = (bytes[slot >> 3] ?? 0) | (1 << (slot & 7));
    this.bytesByList.set(list, bytes);
  }
}

/** Maximum age of the published status, in milliseconds. */
const MIN_READ_INTERVAL_MS = 1000;
/** Reading a million rows takes about a second. If that many sessions ended within the hour, they are read every ten seconds. */
const ROWS_PER_MS = 100;

/**
 * Reads the revoked sessions on demand, at most once a second. It reads less often when more than a hundred thousand sessions
 * ended within the hour, so that reading takes at most a tenth of the time.
 */
@Injectable()
export class StatusSnapshotService {
  private readonly sources: string[] = [];
  private latest: StatusSnapshot | undefined;
  /** By the monotonic clock. */
  private readAt = 0;
  private readIntervalMs = MIN_READ_INTERVAL_MS;
  private pendingRead: Promise<StatusSnapshot> | undefined;

  constructor(
    private readonly repository: StatusListRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Repositories of sessions and clients call this at start.
   *
   * @param select reads `status_index` of what was revoked after `$1`, in milliseconds since the epoch
   */
  addSource(select: string): void {
    this.sources.push(select);
  }

  /** For monitoring: seconds since the status was read; undefined before the first request for a list. */
  get ageSeconds(): number | undefined {
    return this.latest && (this.clock.monotonic() - this.readAt) / 1000;
  }

  /** Rejects when the database fails, because an old list might be wrong. */
  async getSnapshot(): Promise<StatusSnapshot> {
    const isFresh = this.clock.monotonic() - this.readAt < this.readIntervalMs;
    if (this.latest && isFresh) return this.latest;
    this.pendingRead ??= this.read().finally(() => {
      this.pendingRead = undefined;
    });
    return this.pendingRead;
  }

  private async read(): Promise<StatusSnapshot> {
    const startedAt = this.clock.monotonic();
    const since = this.clock.now() - computePublicationPeriod(this.config);
    const { lists, revoked } = await this.repository.findStatus(since, this.sources);
    const snapshot = new StatusSnapshot(lists, revoked);
    this.latest = snapshot;
    this.readAt = startedAt;
    this.readIntervalMs = Math.max(MIN_READ_INTERVAL_MS, revoked.length / ROWS_PER_MS);
    return snapshot;
  }
}
