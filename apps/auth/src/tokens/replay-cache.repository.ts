import { createHash } from 'node:crypto';
import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Rows stay a minute longer than the value counts, because clocks differ. */
const EXPIRED_VALUES = {
  table: 'used_value',
  key: 'value_hash',
  condition: 'expires_at < $1',
  orderedBy: 'expires_at',
  retentionSeconds: 60,
};

/**
 * All SQL of the table `used_value`: values that may be used once. They are the `jti` of client assertions (RFC 7523 §3) and of
 * DPoP proofs (RFC 9449 §11.1).
 */
@Injectable()
export class ReplayCacheRepository implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_VALUES));
  }

  /**
   * Marks a value as used. Of any number of concurrent calls, on any number of replicas, exactly one returns true.
   *
   * Call it after all other checks, so that anonymous requests cannot fill the table.
   *
   * @param purpose separates values of different uses and of different owners
   * @param expiresAt from this time on the caller rejects the value without asking the table, in epoch milliseconds
   * @returns false when the value was used before
   */
  async markUsed(purpose: string, value: string, expiresAt: number): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'INSERT INTO used_value (value_hash, expires_at) VALUES ($1, $2) ON CONFLICT (value_hash) DO NOTHING',
      [hashValue(purpose, value), expiresAt],
    );
    return affected === 1;
  }
}

/** A hash has the same length for every value. */
const hashValue = (purpose: string, value: string): string =>
  createHash('sha256')
    .update(JSON.stringify([purpose, value]))
    .digest('base64url');
