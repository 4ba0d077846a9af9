import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/security-events/security-event.js';
import { SecurityEventService } from '../../platform/security-events/security-event.service.js';
import type { PlannedKey, Transition } from './key-rotation-plan.js';
import type { SigningAlgorithm } from './signing-key.entity.js';

export interface StoredSigningKey extends PlannedKey {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** The private key, encrypted by `PrivateKeyCipher`; empty when the key is retired or revoked. */
  readonly sealed: string;
}

export interface NewSigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly sealed: string;
}

const EVENT_TYPES = {
  active: 'signing_key.activated',
  retiring: 'signing_key.retiring',
  retired: 'signing_key.retired',
  revoked: 'signing_key.revoked',
} as const;

/** How long rows of retired and revoked keys stay, in milliseconds. The security events stay longer. */
const RETENTION_MS = 90 * 86_400_000;

const COLUMNS =
  'kid, algorithm, state, encrypted_private_key AS sealed, created_at AS "createdAt", changed_at AS "changedAt"';

/** Another process changed the key first. */
class ConcurrentUpdate extends Error {}

/** All SQL of the table `signing_key`. Each method is atomic, and records its security events with the change. */
@Injectable()
export class SigningKeyRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly events: SecurityEventService,
  ) {}

  /** Whether a transaction is open. Reads outside it do not see its changes yet. */
  get isInTransaction(): boolean {
    return this.unitOfWork.isInTransaction;
  }

  /** Oldest first. */
  findPublished(): Promise<readonly StoredSigningKey[]> {
    return this.findWhere(
      `WHERE state IN ('pending', 'active', 'retiring') ORDER BY created_at, kid`,
    );
  }

  /** Newest first. */
  findAll(): Promise<readonly StoredSigningKey[]> {
    return this.findWhere('ORDER BY created_at DESC, kid');
  }

  /** A unique index allows one pending key per algorithm. @returns whether this key was inserted */
  insertPending({ kid, algorithm, sealed }: NewSigningKey, by: Actor): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        `INSERT INTO signing_key (kid, algorithm, state, encrypted_private_key, created_at, changed_at)
         VALUES ($1, $2, 'pending', $3, $4, $4) ON CONFLICT DO NOTHING`,
        [kid, algorithm, sealed, this.clock.now()],
      );
      if (affected === 0) return false;
      await this.events.record({ type: 'signing_key.staged', kid, algorithm, by });
      return true;
    });
  }

  /** Applies all transitions in this order, or none. @returns false when a key is not in the expected state */
  async applyTransitions(transitions: readonly Transition[], by: Actor): Promise<boolean> {
    try {
      await this.unitOfWork.transaction(async () => {
        for (const transition of transitions) await this.applyTransition(transition, by);
      });
      return true;
    } catch (error) {
      if (error instanceof ConcurrentUpdate) return false;
      throw error;
    }
  }

  /** Stores the same private key, encrypted under the newest server secret. @returns whether this call stored it */
  replaceSealedKey(key: StoredSigningKey, sealed: string): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      const { kid, algorithm } = key;
      const { affected } = await this.unitOfWork.execute(
        `UPDATE signing_key SET encrypted_private_key = $1 WHERE kid = $2 AND encrypted_private_key = $3`,
        [sealed, kid, key.sealed],
      );
      if (affected === 0) return false;
      await this.events.record({ type: 'signing_key.resealed', kid, algorithm, by: 'server' });
      return true;
    });
  }

  async deleteOld(): Promise<void> {
    await this.unitOfWork.execute(
      `DELETE FROM signing_key WHERE state IN ('retired', 'revoked') AND changed_at < $1`,
      [this.clock.now() - RETENTION_MS],
    );
  }

  private async applyTransition({ kid, from, to }: Transition, by: Actor): Promise<void> {
    const isGone = to === 'retired' || to === 'revoked';
    const { rows } = await this.unitOfWork.execute<Pick<StoredSigningKey, 'algorithm'>>(
      `UPDATE signing_key SET state = $1, changed_at = $2 ${isGone ? ", encrypted_private_key = ''" : ''}
       WHERE kid = $3 AND state = $4 RETURNING algorithm`,
      [to, this.clock.now(), kid, from],
    );
    const [row] = rows;
    if (!row) throw new ConcurrentUpdate();
    await this.events.record({ type: EVENT_TYPES[to], kid, algorithm: row.algorithm, by });
  }

  private async findWhere(condition: string): Promise<readonly StoredSigningKey[]> {
    const rows = await this.unitOfWork.query<StoredSigningKey>(
      `SELECT ${COLUMNS} FROM signing_key ${condition}`,
    );
    // PostgreSQL returns a bigint as text.
    return rows.map((row) => ({
      ...row,
      createdAt: Number(row.createdAt),
      changedAt: Number(row.changedAt),
    }));
  }
}
