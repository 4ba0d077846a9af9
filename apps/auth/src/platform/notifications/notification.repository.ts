import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { MessageLanguage } from './action-message.js';

/** The subject of a message to the owner of an account. `message.ts` has the texts. */
export type NotificationKind =
  'refresh_token_reused' | 'password_changed' | 'email_changed' | 'account_deleted';

/** A mail to another address than the one that the account has when the mail is sent. */
export interface MailRecipient {
  readonly to: string;
  /** Of the page or request; without it, that of the claim `locale`. */
  readonly language?: MessageLanguage | undefined;
}

/** The session that the notification is about. A message contains only names that the server derived from it. */
export interface NotificationDetail extends Partial<MailRecipient> {
  readonly userAgent?: string | null;
  readonly origin?: string | null;
}

/** A notification that is due, with the current e-mail address of the account. */
export interface DueNotification {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly kind: NotificationKind;
  /** Of the account, as JSON. */
  readonly claims: string | null;
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

/** Notifications to the owners of accounts. They are stored with the change that causes them, and the outbox sends them. */
@Injectable()
export class NotificationRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    @Inject(Metrics) metrics = new Metrics(),
  ) {
    const help = 'Age of the oldest message to an owner that the mail server has not accepted.';
    metrics.gauge({ name: 'notification_delivery_lag_seconds', help }, () => this.findLagSeconds());
  }

  /**
   * Joins the transaction of the change. The hour is part of the key: an account gets one message of a kind per clock hour, so
   * an attacker cannot flood an owner with mail.
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

  /** 0 when no message waits. */
  private async findLagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(
      'SELECT MIN(created_at) AS since FROM notification WHERE next_attempt_at IS NOT NULL',
    );
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM notification WHERE account_id = $1', [accountId]);
  }
}

const computeKey = (accountId: string, kind: NotificationKind, hour: number): string =>
  createHash('sha256')
    .update(JSON.stringify([accountId, kind, hour]))
    .digest()
    .subarray(0, 16)
    .toString('base64url');
