import { LeasedWork, Leases, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** Each has an index on `expires_at`. A proof stays for a minute more: clocks of replicas differ. */
const EXPIRING_TABLES = [
  { table: 'idempotency_key', key: 'subject, request_key', graceMs: 0 },
  { table: 'used_proof', key: 'id', graceMs: 60_000 },
] as const;
type ExpiringTable = (typeof EXPIRING_TABLES)[number];

const BATCH_SIZE = 1_000;

/** Removes what is of no use any more, some at a time, in one replica. */
@Injectable()
export class CleanupJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly leasedJob: LeasedWork;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    leases: Leases,
  ) {
    this.leasedJob = new LeasedWork(leases, {
      name: 'upkeep',
      everyMs: 10_000,
      now: () => clock.now(),
      hasWork: () => anyTable((rows) => this.hasExpired(rows)),
      runStep: () => anyTable((rows) => this.deleteExpired(rows)),
    });
  }

  onApplicationBootstrap(): void {
    this.leasedJob.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.leasedJob.stop();
  }

  private async hasExpired({ table, graceMs }: ExpiringTable): Promise<boolean> {
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
  private async deleteExpired({ table, key, graceMs }: ExpiringTable): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `DELETE FROM ${table} WHERE expires_at <= $1 AND (${key}) IN (
         SELECT ${key} FROM ${table} WHERE expires_at <= $1 ORDER BY expires_at LIMIT ${BATCH_SIZE})`,
      [this.clock.now() - graceMs],
    );
    return affected === BATCH_SIZE;
  }
}

async function anyTable(holds: (rows: ExpiringTable) => Promise<boolean>): Promise<boolean> {
  const answers = await Promise.all(EXPIRING_TABLES.map(holds));
  return answers.includes(true);
}
