import { Scheduler } from '@gatehouse/persistence';
import { removeTrailingSlash } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import {
  type ActionMessageKind,
  buildActionText,
} from '../platform/notifications/action-message.js';
import type { Message } from '../platform/notifications/message.js';
import { Notifier } from '../platform/notifications/notifier.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import type { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import {
  type DueEmailAction,
  EmailActionRepository,
  MAX_MAIL_ATTEMPTS,
} from './email-action.repository.js';
import { EmailActionService } from './email-action.service.js';

const BATCH_SIZE = 10;
const ATTEMPT_TIMEOUT_MS = 8_000;

/** The page of each link. The token is in the query, because pages have no script that could read a fragment. */
export const ACTION_PAGES = {
  register: '/verify-email',
  verify_email: '/verify-email',
  change_email: '/verify-email',
  reset_password: '/reset-password',
} as const;

/**
 * Writes the mails of pending actions. Only their job looks up the account of an address, so neither the text nor the duration of an
 * answer depends on whether the address has an account. The host of a link is that of `ISSUER`, never that of a request.
 */
@Injectable()
export class EmailActionMessages {
  constructor(
    private readonly actions: EmailActionService,
    private readonly accounts: AccountRepository,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns undefined if no mail is to be sent */
  async build(action: DueEmailAction): Promise<Message | undefined> {
    const account = await this.accounts.findByEmail(action.email);
    const kind = selectMessageKind(action, account);
    if (kind === undefined) return undefined;
    const { id, email: to, language, expiresAt } = action;
    const link =
      kind === 'address_taken'
        ? this.buildUrl('/forgot-password')
        : `${this.buildUrl(ACTION_PAGES[kind])}?token=${this.actions.createLinkToken(id)}`;
    const details = { link, code: this.actions.createCode(id), expiresAt };
    return { id, kind, accountId: account?.id, to, ...buildActionText(kind, language, details) };
  }

  private buildUrl(path: string): string {
    return `${removeTrailingSlash(this.config.ISSUER)}${path}`;
  }
}

/** Sends the mails of pending actions. */
@Injectable()
export class EmailActionOutbox implements OnModuleInit {
  private readonly logger = new Logger('EmailActions');

  constructor(
    private readonly repository: EmailActionRepository,
    private readonly messages: EmailActionMessages,
    private readonly notifier: Notifier,
    private readonly scheduler: Scheduler,
    private readonly events: SecurityEventService,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'e-mail-actions',
      everySeconds: 2,
      runsOn: 'one replica',
      run: (stopping) => this.sendDue(stopping),
    });
  }

  /** Sends one batch. No transaction is open while the mail server answers. @returns whether a mail was due */
  private async sendDue(stopping: AbortSignal): Promise<boolean> {
    const { outbox } = this.repository;
    if (stopping.aborted || !(await outbox.hasDue())) return false;
    const due = await outbox.claimDue(BATCH_SIZE);
    await Promise.all(due.map((action) => this.trySend(action)));
    return true;
  }

  private async send(message: Message): Promise<void> {
    await this.notifier.send(message, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS));
    const { kind, accountId } = message;
    await this.events.record({ type: 'email_action.mailed', kind, accountId });
  }

  private async trySend(action: DueEmailAction): Promise<void> {
    const { outbox } = this.repository;
    const { id, kind, attempts } = action;
    try {
      const message = await this.messages.build(action);
      if (message) await this.send(message);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.warn(`could not send the mail of ${kind} ${id}, attempt ${attempts}: ${text}`);
      if (attempts < MAX_MAIL_ATTEMPTS) return outbox.retryLater(id, attempts);
    }
    await outbox.close(id, { attempts });
  }
}

/** @param account that has the address of the action now */
function selectMessageKind(
  { kind, accountId }: DueEmailAction,
  account: Account | null,
): ActionMessageKind | undefined {
  // A disabled account cannot log in, so its owner cannot use a new password.
  if (kind === 'reset_password') return account && !account.disabledAt ? kind : undefined;
  if (!account) return kind === 'verify_email' ? undefined : kind;
  return kind === 'verify_email' && account.id === accountId ? kind : 'address_taken';
}
