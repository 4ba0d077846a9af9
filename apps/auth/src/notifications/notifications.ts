import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { NotificationDetail, NotificationKind } from './notification.js';

export interface Notice {
  readonly accountId: string;
  readonly kind: NotificationKind;
  readonly detail: NotificationDetail;
}

const HOUR_MS = 3_600_000;

/** What owners are to be told. It is stored with the change that it tells of, and sent by the {@link Outbox}. */
@Injectable()
export class Notifications {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the transaction of the change. An account gets one message of a kind in an hour of the clock, so nobody can bury
   * an owner in mail: the hour is part of the key.
   */
  async about({ accountId, kind, detail }: Notice): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.execute(
      `INSERT INTO notification (id, account_id, kind, detail, created_at, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, 0, $5) ON CONFLICT (id) DO NOTHING`,
      [
        keyOf(accountId, kind, Math.floor(now / HOUR_MS)),
        accountId,
        kind,
        JSON.stringify(detail),
        now,
      ],
    );
  }
}

const keyOf = (accountId: string, kind: NotificationKind, hour: number): string =>
  createHash('sha256')
    .update(JSON.stringify([accountId, kind, hour]))
    .digest()
    .subarray(0, 16)
    .toString('base64url');
