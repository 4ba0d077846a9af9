import {
  CleanupJob,
  createKeyRangeCleanup,
  Outbox,
  Scheduler,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { buildMessage } from './message.js';
import type { DueNotification } from './notification.repository.js';
import { Notifier } from './notifier.js';

const BATCH_SIZE = 10;
const MAX_ATTEMPTS = 8;
const ATTEMPT_TIMEOUT_MS = 8_000;

/** Reads the address of the account at each attempt, because the user may change it between two attempts. */
const NOTIFICATION_COLUMNS = `id, account_id AS "accountId", kind, detail, created_at AS "createdAt", attempts,
  (SELECT email FROM account WHERE account.id = notification.account_id) AS email,
  (SELECT claims FROM account WHERE account.id = notification.account_id) AS claims`;

/** A finished notification keeps no address, device and network. */
const FORGOTTEN = { detail: '{}' };

/** A sent notification stays for a month, because its id limits notifications to one an hour. */
const FINISHED_NOTIFICATIONS = {
  table: 'notification',
  key: 'id',
  condition: 'next_attempt_at IS NULL AND created_at < $1',
  retentionSeconds: 30 * 86_400,
};

/** Sends notifications to account owners. A crash between the mail server's answer and our note of it sends a message twice. */
@Injectable()
export class NotificationOutbox implements OnModuleInit {
  private readonly logger = new Logger('Notifications');
  private readonly outbox: Outbox<DueNotification>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly notifier: Notifier,
    private readonly scheduler: Scheduler,
    private readonly cleanup: CleanupJob,
  ) {
    this.outbox = new Outbox(unitOfWork, clock, {
      table: 'notification',
      key: 'id',
      columns: NOTIFICATION_COLUMNS,
      claimMs: 60_000,
      minPauseMs: 60_000,
      maxPauseMs: 60_000 * 2 ** (MAX_ATTEMPTS - 1),
    });
  }

  onModuleInit(): void {
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, FINISHED_NOTIFICATIONS));
    this.scheduler.add({
      name: 'notifications',
      everySeconds: 2,
      runsOn: 'one replica',
      run: (stopping) => this.sendDue(stopping),
    });
  }

  /** Sends one batch. No transaction is open while the mail server answers. @returns whether a message was due */
  private async sendDue(stopping: AbortSignal): Promise<boolean> {
    if (stopping.aborted || !(await this.outbox.hasDue())) return false;
    const due = await this.outbox.claimDue(BATCH_SIZE);
    await Promise.all(due.map((notification) => this.trySend(notification)));
    return true;
  }

  private async trySend(notification: DueNotification): Promise<void> {
    const { id, kind, accountId, attempts } = notification;
    if (attempts > MAX_ATTEMPTS) return this.giveUp(notification);
    try {
      await this.notifier.send(buildMessage(notification), AbortSignal.timeout(ATTEMPT_TIMEOUT_MS));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.warn(`could not send ${kind} to the owner of ${accountId}; retrying: ${text}`);
      return this.outbox.retryLater(id, attempts);
    }
    await this.outbox.close(id, { ...FORGOTTEN, sent_at: this.clock.now() });
  }

  private async giveUp({ id, kind, accountId }: DueNotification): Promise<void> {
    await this.outbox.close(id, { ...FORGOTTEN, attempts: MAX_ATTEMPTS });
    this.logger.error(
      `gave up after ${MAX_ATTEMPTS} attempts to send ${kind} to the owner of ${accountId}`,
    );
  }
}
