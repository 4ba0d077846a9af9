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
  type EmailActionKind,
  EmailActionRepository,
  MAX_MAIL_ATTEMPTS,
} from './email-action.repository.js';
import { EmailActionService } from './email-action.service.js';

const BATCH_SIZE = 10;
const ATTEMPT_TIMEOUT_MS = 8_000;

/** The page of each link. The token is in the query, because pages have no script that could read a fragment. */
const ACTION_PAGES = {
  register: '/verify-email',
  verify_email: '/verify-email',
  change_email: '/verify-email',
  reset_password: '/reset-password',
  restore_email: '/reset-password',
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
    const kind = MAILS[action.kind](account, account?.id === action.accountId);
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

/** The mail of an action, by the account that has its address now. */
const MAILS: Record<
  EmailActionKind,
  (account: Account | null, isOwn: boolean) => ActionMessageKind | undefined
> = {
  register: (account) => (account ? 'address_taken' : 'register'),
  verify_email: (account, isOwn) => {
    if (!account) return undefined;
    return isOwn ? 'verify_email' : 'address_taken';
  },
  change_email: (account) => (account ? 'address_taken' : 'change_email'),
  // A disabled account cannot log in, so its owner cannot use a new password.
  reset_password: (account) => (account && !account.disabledAt ? 'reset_password' : undefined),
  restore_email: (account) => (account ? undefined : 'restore_email'),
};
