import { CleanupJob, createIndexedCleanup, Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { type Tool, WEB_CONFIG, type WebConfig } from '../web.config.js';

/** The end of a session that the authorization server must learn of. */
export interface PendingSignOut {
  readonly id: string;
  /** Sealed. */
  readonly payload: string;
  readonly attempts: number;
}

/** The authorization server can be down for this long. */
const TTL_MS = 86_400_000;

/** One table per tool, because only the tool itself can authenticate as its client. */
const TABLES: Readonly<Record<Tool, string>> = {
  shop: 'shop_sign_out',
  'back-office': 'back_office_sign_out',
};

/** All SQL of the sign-outs of this tool. */
@Injectable()
export class SignOutRepository {
  readonly outbox: Outbox<PendingSignOut>;
  private readonly table: string;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    cleanup: CleanupJob,
    @Inject(WEB_CONFIG) { TOOL }: WebConfig,
  ) {
    this.table = TABLES[TOOL];
    this.outbox = new Outbox(unitOfWork, clock, {
      table: this.table,
      key: 'id',
      columns: 'id, payload, attempts',
      claimMs: 9_000,
      minPauseMs: 500,
      maxPauseMs: 15_000,
    });
    cleanup.add(
      createIndexedCleanup(unitOfWork, {
        table: this.table,
        key: 'id',
        condition: 'expires_at <= $1',
        orderedBy: 'expires_at',
        retentionSeconds: 0,
      }),
    );
  }

  /** Call it in the transaction that deletes the session. */
  async add(id: string, payload: string): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.execute(
      `INSERT INTO ${this.table} (id, payload, expires_at, attempts, next_attempt_at)
       VALUES ($1, $2, $3, 0, $4)`,
      [id, payload, now + TTL_MS, now],
    );
  }

  /** Keeps the successor of a refresh token, in case the process dies before the session is ended. */
  async update(id: string, payload: string): Promise<void> {
    await this.unitOfWork.execute(`UPDATE ${this.table} SET payload = $2 WHERE id = $1`, [
      id,
      payload,
    ]);
  }
}
