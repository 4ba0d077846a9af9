import type { UsedProofs } from '@gatehouse/guards';
import { ProofsUnavailable } from '@gatehouse/guards/dpop';
import type { UnitOfWork } from '@gatehouse/persistence';
import type { Clock } from '@gatehouse/service-kit';

/** Of one process, and more than one can verify. A row lives for little more than two minutes, so the table has an end. */
const DEFAULT_MAX_PER_MINUTE = 300_000;
const MINUTE_MS = 60_000;

const INSERT_PROOF =
  'INSERT INTO used_proof (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING';

/** A proof stays for another minute because the clocks of replicas differ. */
export const EXPIRED_PROOFS = {
  table: 'used_proof',
  key: 'id',
  condition: 'expires_at <= $1',
  orderedBy: 'expires_at',
  retentionSeconds: 60,
};

/**
 * Which proofs of possession were used (RFC 9449 §11.1), for all replicas and across restarts. The guards ask when
 * everything else of a request is found good, so that a stranger writes nothing; bearer tokens never come here.
 */
export class UsedProofRepository implements UsedProofs {
  private minuteEndsAt = 0;
  private storedInMinute = 0;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly maxPerMinute = DEFAULT_MAX_PER_MINUTE,
  ) {}

  /**
   * Of any number of callers at once, on any replica, the one whose row it is.
   *
   * @throws {ProofsUnavailable} 503 where there is no room: to forget one would be to take it twice
   */
  async use(id: string, goodUntil: number): Promise<boolean> {
    this.checkCapacity();
    const { affected } = await this.unitOfWork.execute(INSERT_PROOF, [id, goodUntil]);
    this.storedInMinute += affected;
    return affected === 1;
  }

  private checkCapacity(): void {
    const now = this.clock.now();
    if (now >= this.minuteEndsAt) [this.minuteEndsAt, this.storedInMinute] = [now + MINUTE_MS, 0];
    if (this.storedInMinute >= this.maxPerMinute) {
      throw new ProofsUnavailable(Math.ceil((this.minuteEndsAt - now) / 1000));
    }
  }
}
