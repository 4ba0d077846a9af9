import { createHmac, randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { RateLimitService } from '../platform/rate-limit.service.js';
import {
  type DerivedKey,
  isSameText,
  readSignedText,
  ServerSecrets,
  signText,
} from '../platform/server-secrets.js';
import type { StoredClaims } from '../tokens/standard-claims.js';
import type { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import {
  type EmailAction,
  type EmailActionKind,
  EmailActionRepository,
} from './email-action.repository.js';

/** Codes that are compared for one action. A random code is one of 10^8. */
const MAX_CODES = 5;
const CODE_DIGITS = 8;

export type NewEmailAction = Pick<EmailAction, 'kind' | 'email' | 'language'> &
  Partial<Pick<EmailAction, 'accountId' | 'passwordHash'>>;

/** An action that the caller claimed, and may make the change of now. */
export interface ClaimedEmailAction {
  readonly action: EmailAction;
  /** The account of the action, or without one the account that has its address. Its row is locked. */
  readonly account: Account | null;
}

type Apply<T> = (claimed: ClaimedEmailAction) => Promise<T>;

const LINK_FORMAT = /^[\w-]{22}\.[\w-]{6}\.[\w-]{43}$/;

/**
 * Actions that the owner of an e-mail address confirms: by the link of a mail, or by its short code on the page that requested the
 * mail. Link and code are MACs over the random id of the action under the server secret. So the database stores neither them nor
 * their hashes, each attempt to send a mail sends the same ones, and a link of random text causes no query.
 */
@Injectable()
export class EmailActionService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(
    private readonly actions: EmailActionRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: RateLimitService,
    private readonly accounts: AccountRepository,
    secrets: ServerSecrets,
  ) {
    this.keys = secrets.derive('e-mail action');
  }

  /**
   * Counts one mail of this kind for an address, whether or not it has an account.
   * @returns 0 if the mail may be sent; else the milliseconds until the next one. The latest mail can be confirmed until then.
   */
  async countMail({ kind, email }: Pick<EmailAction, 'kind' | 'email'>): Promise<number> {
    const usage = await this.limits.consume('mail', {
      kind: 'anonymous',
      key: `${kind} ${email}`,
    });
    return usage?.isOver === true ? Math.max(1, usage.resetsIn) : 0;
  }

  /**
   * Stores an action, and its mail for the outbox. Joins the transaction of the caller. Call {@link countMail} before the
   * transaction begins.
   * @returns the id, which {@link claimByCode} needs together with the code of the mail
   */
  async save({
    accountId = null,
    passwordHash = null,
    ...action
  }: NewEmailAction): Promise<string> {
    const id = randomBytes(16).toString('base64url');
    const { kind, email } = action;
    // Registrations of one address do not replace each other, because each has a password of its own.
    const isOfAddress = kind === 'reset_password' || kind === 'restore_email';
    const subject = isOfAddress ? email : (accountId ?? id);
    await this.actions.save({ ...action, id, accountId, passwordHash }, subject, MAX_CODES);
    return id;
  }

  /**
   * Requests a new mail for an address that is not verified.
   * @returns the id as of {@link save}; undefined if the address is verified, or got all mails of the limit
   */
  async requestVerification(
    accountId: string,
    language: EmailAction['language'],
  ): Promise<string | undefined> {
    const account = await this.accounts.find(accountId);
    if (!account || isVerified(account)) return undefined;
    const action = { kind: 'verify_email', email: account.email, accountId, language } as const;
    return (await this.countMail(action)) > 0 ? undefined : this.save(action);
  }

  /**
   * Reads an action and changes nothing, because mail scanners open links as well.
   * @param token of a link, not validated
   */
  async findByLink(kinds: readonly EmailActionKind[], token: string) {
    const id = LINK_FORMAT.test(token) ? readSignedText(token, this.keys.all) : undefined;
    return id === undefined ? undefined : this.findOfKind(kinds, id);
  }

  /**
   * Claims an action, and makes its change in the same transaction. Of concurrent calls exactly one does.
   * @param action from {@link findByLink}
   * @param apply an error of it rolls the claim back. It must not wait for the network or a password hash.
   * @returns undefined if the action was claimed, replaced, or has expired, or another account got its address at the same time
   */
  async claim<T>(action: EmailAction, apply: Apply<T>): Promise<T | undefined> {
    try {
      return await this.claimAndApply(action, apply);
    } catch (error) {
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }

  private claimAndApply<T>(action: EmailAction, apply: Apply<T>): Promise<T | undefined> {
    const { id, accountId, email } = action;
    return this.unitOfWork.transaction(async () => {
      // All transactions lock the account first, so they cannot deadlock.
      await (accountId ? this.accounts.lock(accountId) : this.accounts.lockByEmail(email));
      if (!(await this.actions.claim(id))) return undefined;
      const account = accountId
        ? await this.accounts.find(accountId)
        : await this.accounts.findByEmail(email);
      return apply({ action, account });
    });
  }

  /**
   * The same by the code. Each attempt counts before its code is compared, so parallel attempts cannot exceed {@link MAX_CODES}.
   * @param id from {@link save}; neither it nor the code is validated
   * @returns undefined also for a wrong code, and after too many
   */
  async claimByCode<T>(
    kinds: readonly EmailActionKind[],
    { id, code }: { readonly id: string; readonly code: string },
    apply: Apply<T>,
  ): Promise<T | undefined> {
    const action = /^[\w-]{22}$/.test(id) ? await this.findOfKind(kinds, id) : undefined;
    if (!action || !(await this.countAttempt(id)) || !this.isCode(id, code)) return undefined;
    return this.claim(action, apply);
  }

  /** @returns false after {@link MAX_CODES} attempts to confirm the action */
  countAttempt(id: string): Promise<boolean> {
    return this.actions.countAttempt(id);
  }

  /** Deletes what a thief may have requested for the account. Joins the transaction of the caller that used an action. */
  deletePending(accountId: string, used: EmailAction): Promise<void> {
    return this.actions.deletePending(accountId, used);
  }

  createLinkToken(id: string): string {
    return signText(id, this.keys.current);
  }

  /** 8 digits. */
  createCode(id: string): string {
    return computeCode(id, this.keys.current);
  }

  private isCode(id: string, code: string): boolean {
    const digits = code.replaceAll(/[\s-]/g, '');
    return [...this.keys.all.values()].some((key) => isSameText(computeCode(id, key), digits));
  }

  private async findOfKind(kinds: readonly EmailActionKind[], id: string) {
    const action = await this.actions.find(id);
    return action && kinds.includes(action.kind) ? action : undefined;
  }
}

/** The error codes of PostgreSQL and of SQLite. */
const UNIQUE_VIOLATIONS: readonly unknown[] = ['23505', 'SQLITE_CONSTRAINT_UNIQUE'];

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && UNIQUE_VIOLATIONS.includes(error.code);

/** Whether the owner of the account has proved the address. */
export function isVerified({ claims }: Pick<Account, 'claims'>): boolean {
  const stored: StoredClaims = JSON.parse(claims);
  return stored.email_verified === true;
}

function computeCode(id: string, { key }: DerivedKey): string {
  const mac = createHmac('sha256', key).update(`code of ${id}`).digest();
  return String(mac.readUIntBE(0, 6) % 10 ** CODE_DIGITS).padStart(CODE_DIGITS, '0');
}
