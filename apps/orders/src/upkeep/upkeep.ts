import { LeasedWork, Leases, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** Each has an index on `expires_at`. A proof stays for a minute more: clocks of replicas differ. */
const EXPIRING = [
  { table: 'idempotency_key', key: 'subject, request_key', graceMs: 0 },
  { table: 'used_proof', key: 'id', graceMs: 60_000 },
] as const;
type Expiring = (typeof EXPIRING)[number];

const REMOVED_AT_ONCE = 1_000;

/** Removes what is of no use any more, some at a time, in one replica. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly work: LeasedWork;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    leases: Leases,
  ) {
    this.work = new LeasedWork(leases, {
      name: 'upkeep',
      everyMs: 10_000,
      now: () => clock.now(),
      isDue: () => ofAny((rows) => this.haveExpired(rows)),
      step: () => ofAny((rows) => this.remove(rows)),
    });
  }

  onApplicationBootstrap(): void {
    this.work.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.work.stop();
  }

  private async haveExpired({ table, graceMs }: Expiring): Promise<boolean> {
    const expired = await this.unitOfWork.query(
      `SELECT 1 FROM ${table} WHERE expires_at <= $1 LIMIT 1`,
      [this.clock.now() - graceMs],
    );
    return expired.length > 0;
  }

  /**
   * The condition stands twice: a row that was written anew since it was chosen stays.
   *
   * @returns whether there may be more
   */
  private async remove({ table, key, graceMs }: Expiring): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `DELETE FROM ${table} WHERE expires_at <= $1 AND (${key}) IN (
         SELECT ${key} FROM ${table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${REMOVED_AT_ONCE})`,
      [this.clock.now() - graceMs],
    );
    return affected === REMOVED_AT_ONCE;
  }
}

async function ofAny(holds: (rows: Expiring) => Promise<boolean>): Promise<boolean> {
  const answers = await Promise.all(EXPIRING.map(holds));
  return answers.includes(true);
}
