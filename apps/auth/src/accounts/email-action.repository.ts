import { CleanupJob, createIndexedCleanup, Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MessageLanguage } from '../platform/notifications/action-message.js';

/**
 * What happens when the owner of the address confirms:
 * `register` creates the account; `verify_email` verifies the address of an account; `change_email` gives an account another
 * address; `reset_password` sets the password of the account that has the address; `restore_email` gives an account its previous
 * address back, with a new password.
 */
export type EmailActionKind =
  'register' | 'verify_email' | 'change_email' | 'reset_password' | 'restore_email';

/** How long an action can be confirmed, in seconds. */
const EMAIL_ACTION_SECONDS: Readonly<Record<EmailActionKind, number>> = {
  register: 86_400,
  verify_email: 86_400,
  change_email: 3_600,
  reset_password: 3_600,
  restore_email: 259_200,
};

/** A pending action. Its row contains no secret that confirms it: see {@link EmailActionService}. */
export interface EmailAction {
  /** 128 random bits, base64url. It is no credential. */
  readonly id: string;
  readonly kind: EmailActionKind;
  /** null for `register` and `reset_password`, and if the address of a registration has an account already. */
  readonly accountId: string | null;
  /** The mail goes to this address, in the form of `normalizeEmail`. */
  readonly email: string;
  /** Of the account that `register` creates, and of the account at the request of `change_email`. */
  readonly passwordHash: string | null;
  /** The language of the mail. */
  readonly language: MessageLanguage;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** An action whose mail is due. */
export interface DueEmailAction extends EmailAction {
  readonly attempts: number;
}

const COLUMNS = `id, kind, account_id AS "accountId", email, password_hash AS "passwordHash", language,
  expires_at AS "expiresAt"`;

const INSERT = `
  INSERT INTO email_action (id, kind, subject, account_id, email, password_hash, language, attempts_left, created_at,
    expires_at, attempts, next_attempt_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $9)
  ON CONFLICT (kind, subject) DO UPDATE SET id = excluded.id, account_id = excluded.account_id, email = excluded.email,
    password_hash = excluded.password_hash, language = excluded.language, attempts_left = excluded.attempts_left,
    created_at = excluded.created_at, expires_at = excluded.expires_at, attempts = 0,
    next_attempt_at = excluded.next_attempt_at`;

const EXPIRED_ACTIONS = {
  table: 'email_action',
  key: 'id',
  condition: 'expires_at < $1',
  orderedBy: 'expires_at',
  retentionSeconds: 0,
};

export const MAX_MAIL_ATTEMPTS = 8;

/** All SQL of the table `email_action`. */
@Injectable()
export class EmailActionRepository implements OnModuleInit {
  /** The mails of the actions. */
  readonly outbox: Outbox<DueEmailAction>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly cleanup: CleanupJob,
  ) {
    this.outbox = new Outbox(unitOfWork, clock, {
      table: 'email_action',
      key: 'id',
      columns: `${COLUMNS}, attempts`,
      claimMs: 60_000,
      minPauseMs: 15_000,
      maxPauseMs: 15_000 * 2 ** (MAX_MAIL_ATTEMPTS - 1),
    });
  }

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_ACTIONS));
  }

  /**
   * Replaces the action of the same kind and subject, whose link and code then confirm nothing.
   * @param maxAttempts how many codes are compared
   */
  async save(
    action: Omit<EmailAction, 'expiresAt'>,
    subject: string,
    maxAttempts: number,
  ): Promise<void> {
    const { id, kind, accountId, email, passwordHash, language } = action;
    const now = this.clock.now();
    const expiresAt = now + EMAIL_ACTION_SECONDS[kind] * 1000;
    await this.unitOfWork.execute(INSERT, [
      ...[id, kind, subject, accountId, email, passwordHash, language, maxAttempts],
      ...[now, expiresAt],
    ]);
  }

  /** @returns undefined if the action was claimed, replaced, or has expired */
  async find(id: string): Promise<EmailAction | undefined> {
    const [action] = await this.unitOfWork.query<EmailAction>(
      `SELECT ${COLUMNS} FROM email_action WHERE id = $1 AND expires_at > $2`,
      [id, this.clock.now()],
    );
    return action;
  }

  /** @returns whether a code may be compared now: of concurrent attempts at most the number of {@link save} */
  async countAttempt(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE email_action SET attempts_left = attempts_left - 1
       WHERE id = $1 AND attempts_left > 0 AND expires_at > $2`,
      [id, this.clock.now()],
    );
    return affected === 1;
  }

  /** @returns false if the action was claimed, replaced, or has expired: of concurrent calls exactly one claims it */
  async claim(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'DELETE FROM email_action WHERE id = $1 AND expires_at > $2',
      [id, this.clock.now()],
    );
    return affected === 1;
  }

  /**
   * Deletes the actions of an account and of an address after one of them was used. Those that restore an address stay, because a
   * thief could use a reset to end them. Only an earlier one ends them: its address belongs to the owner from before.
   */
  async deletePending(accountId: string, used: EmailAction): Promise<void> {
    const restoredFrom = used.kind === 'restore_email' ? used.expiresAt : Number.MAX_SAFE_INTEGER;
    await this.unitOfWork.execute(
      `DELETE FROM email_action WHERE account_id = $1 AND (kind <> 'restore_email' OR expires_at >= $2)`,
      [accountId, restoredFrom],
    );
    await this.deleteResets(used.email);
  }

  /** Deletes the actions of an account, and all actions of its address. */
  async deleteOfAccount(accountId: string, email: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM email_action WHERE account_id = $1', [accountId]);
    await this.deleteResets(email);
  }

  private async deleteResets(email: string): Promise<void> {
    await this.unitOfWork.execute(
      `DELETE FROM email_action WHERE kind = 'reset_password' AND subject = $1`,
      [email],
    );
  }
}
