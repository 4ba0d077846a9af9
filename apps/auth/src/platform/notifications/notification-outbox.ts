import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, Logger } from '@nestjs/common';
import { buildMessage } from './message.js';
import type { DueNotification } from './notification.repository.js';
import { Notifier } from './notifier.js';

const BATCH_SIZE = 10;
const MAX_ATTEMPTS = 8;
/** Less than the first pause, so an attempt is over before the next can begin anywhere. */
const ATTEMPT_TIMEOUT_MS = 8_000;
const FIRST_RETRY_DELAY_MS = 60_000;

/**
 * Sends what is due. A message is claimed by moving its next attempt into the future, so of two replicas one sends it; a
 * process that dies in between loses nothing, for the attempt comes. Each message arrives at least once: a crash after the mail server
 * took it and before that was noted sends it again.
 */
@Injectable()
export class NotificationOutbox {
  private readonly logger = new Logger('Outbox');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly notifier: Notifier,
  ) {}

  /** One turn. No transaction is open while a mail server is asked. */
  async sendDue(stopping: AbortSignal): Promise<void> {
    const due = await this.findDue();
    if (!stopping.aborted) await Promise.all(due.map((notification) => this.trySend(notification)));
  }

  private findDue(): Promise<readonly DueNotification[]> {
    return this.unitOfWork.query<DueNotification>(
      `SELECT n.id, n.account_id AS "accountId", n.kind, n.detail, n.created_at AS "createdAt", n.attempts, a.email
       FROM notification n JOIN account a ON a.id = n.account_id
       WHERE n.next_attempt_at <= $1 ORDER BY n.next_attempt_at LIMIT ${BATCH_SIZE}`,
      [this.clock.now()],
    );
  }

  private async trySend(notification: DueNotification): Promise<void> {
    if (notification.attempts >= MAX_ATTEMPTS) return this.giveUp(notification);
    if (!(await this.claim(notification))) return;
    const { id, kind, accountId } = notification;
    try {
      await this.notifier.send(buildMessage(notification), AbortSignal.timeout(ATTEMPT_TIMEOUT_MS));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `${kind} did not reach the owner of ${accountId}, and is tried again: ${text}`,
      );
      return;
    }
    await this.unitOfWork.execute(
      'UPDATE notification SET sent_at = $2, next_attempt_at = NULL WHERE id = $1',
      [id, this.clock.now()],
    );
  }

  /** After 1, 2, 4 … 128 minutes and up to half as much again, so that replicas and messages spread out. */
  private async claim({ id, attempts }: DueNotification): Promise<boolean> {
    const pause = FIRST_RETRY_DELAY_MS * 2 ** attempts * (1 + Math.random() / 2);
    const { affected } = await this.unitOfWork.execute(
      `UPDATE notification SET attempts = attempts + 1, next_attempt_at = $3
       WHERE id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL`,
      [id, attempts, this.clock.now() + Math.round(pause)],
    );
    return affected === 1;
  }

  private async giveUp({ id, kind, accountId, attempts }: DueNotification): Promise<void> {
    const { affected } = await this.unitOfWork.execute(
      'UPDATE notification SET next_attempt_at = NULL WHERE id = $1 AND next_attempt_at IS NOT NULL',
      [id],
    );
    if (affected === 0) return;
    this.logger.error(
      `gave up after ${attempts} attempts to send ${kind} to the owner of ${accountId}`,
    );
  }
}
