import { Injectable } from '@nestjs/common';
import { UnitOfWork } from './unit-of-work.js';

/** For the migration of an app that uses {@link LeaseRepository}. */
export const LEASE_TABLE = `
  CREATE TABLE lease (
    name       varchar(64) NOT NULL PRIMARY KEY,
    holder     varchar(64) NOT NULL,
    expires_at bigint      NOT NULL
  )`;

export interface LeaseRequest {
  /** Tells processes apart. */
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly seconds: number;
}

/**
 * Of the replicas on one database, which one does the work that one is enough for. A process that stops for longer than
 * its lease may find two at work, so a lease spares work and waiting; what is done under it must be safe without.
 */
@Injectable()
export class LeaseRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Takes the lease, or prolongs it where it is the holder's already. Who asks in vain writes nothing: on PostgreSQL even
   * an `ON CONFLICT` whose condition fails locks the row, and that lock is a commit.
   *
   * @returns whether the holder has it now
   */
  async acquire(name: string, wish: LeaseRequest): Promise<boolean> {
    const { holder, now, seconds } = wish;
    if (await this.isHeldByAnother(name, wish)) return false;
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
       WHERE lease.holder = excluded.holder OR lease.expires_at <= $4`,
      [name, holder, now + seconds * 1000, now],
    );
    return affected === 1;
  }

  /** So that the next one need not wait for the end. */
  async release(name: string, holder: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM lease WHERE name = $1 AND holder = $2', [
      name,
      holder,
    ]);
  }

  private async isHeldByAnother(name: string, { holder, now }: LeaseRequest): Promise<boolean> {
    const others = await this.unitOfWork.query(
      'SELECT 1 FROM lease WHERE name = $1 AND holder <> $2 AND expires_at > $3',
      [name, holder, now],
    );
    return others.length > 0;
  }
}
