import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';

/** What is good for one use only: the `jti` of client assertions (RFC 7523 §3) and of DPoP proofs (RFC 9449 §11.1). */
@Injectable()
export class ReplayCacheRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Of any number of callers, here and on other replicas, exactly one is told that the value is fresh.
   *
   * Call it when everything else was checked: a stranger must not be able to fill the table.
   * @param purpose keeps values of different use, and of different owners, apart
   * @param expiresAt from when on the value is refused without asking here, in epoch milliseconds
   * @returns false where it was used before
   */
  async markUsed(purpose: string, value: string, expiresAt: number): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'INSERT INTO used_value (value_hash, expires_at) VALUES ($1, $2) ON CONFLICT (value_hash) DO NOTHING',
      [hashValue(purpose, value), expiresAt],
    );
    return affected === 1;
  }
}

/** Of equal length, however long the value is. */
const hashValue = (purpose: string, value: string): string =>
  createHash('sha256')
    .update(JSON.stringify([purpose, value]))
    .digest('base64url');
