import type { UsedProofs } from '@gatehouse/guards';
import { ProofsUnavailable } from '@gatehouse/guards/dpop';
import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/**
 * The proofs that one process stores per minute: more than it can verify. A row lives for little more than two minutes, so
 * this limits the size of the table.
 */
const DEFAULT_MAX_PER_MINUTE = 300_000;
const MINUTE_MS = 60_000;

/** SQL, because the conflict is the lock: one of several simultaneous requests with the same proof inserts the row. */
const INSERT_PROOF =
  'INSERT INTO used_proof (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING';

/** A proof stays for another minute because the clocks of replicas differ. */
const EXPIRED_PROOFS = {
  table: 'used_proof',
  key: 'id',
  condition: 'expires_at <= $1',
  orderedBy: 'expires_at',
  retentionSeconds: 60,
};

/**
 * Remembers which DPoP proofs were used (RFC 9449 §11.1), for all replicas and across restarts. The guards call it after
 * all other checks of a request have passed, so an unauthenticated caller writes nothing. Bearer tokens have no proofs.
 */
@Injectable()
export class UsedProofRepository implements UsedProofs, OnModuleInit {
  /** A test sets a lower one. */
  maxPerMinute = DEFAULT_MAX_PER_MINUTE;
  private minuteEndsAt = Number.NEGATIVE_INFINITY;
  private storedInMinute = 0;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly cleanup: CleanupJob,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_PROOFS));
  }

  /**
   * @returns true for the first use of the proof
   * @throws {ProofsUnavailable} 503 when the limit is reached, because a forgotten proof could be used a second time
   */
  async use(id: string, goodUntil: number): Promise<boolean> {
    this.checkCapacity();
    const { affected } = await this.unitOfWork.execute(INSERT_PROOF, [id, goodUntil]);
    this.storedInMinute += affected;
    return affected === 1;
  }

  private checkCapacity(): void {
    const now = this.clock.monotonic();
    if (now >= this.minuteEndsAt) [this.minuteEndsAt, this.storedInMinute] = [now + MINUTE_MS, 0];
    if (this.storedInMinute >= this.maxPerMinute) {
      throw new ProofsUnavailable(Math.ceil((this.minuteEndsAt - now) / 1000));
    }
  }
}
