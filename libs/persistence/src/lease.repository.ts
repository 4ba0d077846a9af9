import { Injectable } from '@nestjs/common';
import type { ExpiredRows } from './cleanup-tasks.js';
import { UnitOfWork } from './unit-of-work.js';

/** For the migration of an app that uses {@link LeaseRepository}. */
export const LEASE_TABLE = `
  CREATE TABLE lease (
    name       varchar(64) NOT NULL PRIMARY KEY,
    holder     varchar(64) NOT NULL,
    expires_at bigint      NOT NULL
  )`;

/** Leases of jobs that no longer exist. */
export const EXPIRED_LEASES: ExpiredRows = {
  table: 'lease',
  key: 'name',
  condition: 'expires_at < $1',
  retentionSeconds: 86_400,
};

export interface LeaseRequest {
  /** Identifies the process. */
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly seconds: number;
}

/**
 * Decides which of the replicas on one database runs a job. A process that stands still for longer than its lease can find a
 * second holder. A lease therefore saves work, and the job must be safe without it.
 */
@Injectable()
export class LeaseRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Takes the lease, or prolongs it when the caller holds it. The read comes first because on PostgreSQL even an
   * `ON CONFLICT` whose condition fails locks the row, and that lock costs a commit.
   *
   * @returns whether the caller holds the lease now
   */
  async acquire(name: string, request: LeaseRequest): Promise<boolean> {
    const { holder, now, seconds } = request;
    if (await this.isHeldByAnother(name, request)) return false;
    const { affected } = await this.unitOfWork.executeUnnoticed(
      `INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
       WHERE lease.holder = excluded.holder OR lease.expires_at <= $4 OR lease.expires_at > $5`,
      [name, holder, now + seconds * 1000, now, getLatestEnd(request)],
    );
    return affected === 1;
  }

  /** One statement while the caller holds the lease. @returns false when another replica took it */
  async prolong(name: string, { holder, now, seconds }: LeaseRequest): Promise<boolean> {
    const { affected } = await this.unitOfWork.executeUnnoticed(
      'UPDATE lease SET expires_at = $3 WHERE name = $1 AND holder = $2',
      [name, holder, now + seconds * 1000],
    );
    return affected === 1;
  }

  /** Another replica can then take the lease before its end. */
  async release(name: string, holder: string): Promise<void> {
    await this.unitOfWork.executeUnnoticed('DELETE FROM lease WHERE name = $1 AND holder = $2', [
      name,
      holder,
    ]);
  }

  /** @param listener is called after each write of this process, except those of leases */
  onOtherWrite(listener: () => void): void {
    this.unitOfWork.onWrite(listener);
  }

  private async isHeldByAnother(name: string, request: LeaseRequest): Promise<boolean> {
    const others = await this.unitOfWork.query(
      'SELECT 1 FROM lease WHERE name = $1 AND holder <> $2 AND expires_at > $3 AND expires_at <= $4',
      [name, request.holder, request.now, getLatestEnd(request)],
    );
    return others.length > 0;
  }
}

/**
 * A lease that ends later was stored before a clock was set back, and counts as expired. A holder whose clock is ahead by less
 * than twice the length of the lease keeps it.
 */
const getLatestEnd = ({ now, seconds }: LeaseRequest): number => now + 3 * seconds * 1000;
