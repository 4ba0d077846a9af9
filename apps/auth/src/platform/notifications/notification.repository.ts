import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

/** What an owner is told about an account: see {@link messageOf} for the words. */
export type NotificationKind = 'refresh_token_reused' | 'password_changed';

/** The session that it is about, as far as it is known. Only what the server concluded from it reaches a message. */
export interface NotificationDetail {
  readonly userAgent?: string | null;
  readonly origin?: string | null;
}

/** One that is to be sent, with the address as it is now. */
export interface DueNotification {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly kind: NotificationKind;
  /** {@link NotificationDetail} as JSON. */
  readonly detail: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly attempts: number;
}

export interface NewNotification {
  readonly accountId: string;
  readonly kind: NotificationKind;
  readonly detail: NotificationDetail;
}

const HOUR_MS = 3_600_000;

/** What owners are to be told. It is stored with the change that it tells of, and sent by the {@link Outbox}. */
@Injectable()
export class NotificationRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the transaction of the change. An account gets one message of a kind in an hour of the clock, so nobody can bury
   * an owner in mail: the hour is part of the key.
   */
  async enqueue({ accountId, kind, detail }: NewNotification): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.execute(
      `INSERT INTO notification (id, account_id, kind, detail, created_at, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, 0, $5) ON CONFLICT (id) DO NOTHING`,
      [
        computeKey(accountId, kind, Math.floor(now / HOUR_MS)),
        accountId,
        kind,
        JSON.stringify(detail),
        now,
      ],
    );
  }
}

const computeKey = (accountId: string, kind: NotificationKind, hour: number): string =>
  createHash('sha256')
    .update(JSON.stringify([accountId, kind, hour]))
    .digest()
    .subarray(0, 16)
    .toString('base64url');
