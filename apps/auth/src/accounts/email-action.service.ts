import { createHmac, randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { RateLimitService } from '../platform/rate-limit.service.js';
import {
  type DerivedKey,
  isSameText,
  readSignedText,
  ServerSecrets,
  signText,
} from '../platform/server-secrets.js';
import {
  type EmailAction,
  type EmailActionKind,
  EmailActionRepository,
} from './email-action.repository.js';

/** How long an action can be confirmed, in seconds. */
export const EMAIL_ACTION_SECONDS: Readonly<Record<EmailActionKind, number>> = {
  register: 86_400,
  verify_email: 86_400,
  change_email: 3_600,
  reset_password: 3_600,
};

/** Codes that are compared for one action. A random code is one of 10^8. */
export const MAX_CODES = 5;
const CODE_DIGITS = 8;

export type NewEmailAction = Pick<EmailAction, 'kind' | 'email' | 'language'> &
  Partial<Pick<EmailAction, 'accountId' | 'passwordHash'>>;

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
    private readonly clock: Clock,
    secrets: ServerSecrets,
  ) {
    this.keys = secrets.derive('e-mail action');
  }

  /**
   * Counts one mail of this kind for an address, whether or not it has an account.
   * @returns false if the address got all mails of the limit `mail`: the latest of them can still be confirmed
   */
  async tryCountMail({ kind, email }: Pick<EmailAction, 'kind' | 'email'>): Promise<boolean> {
    const usage = await this.limits.consume('mail', {
      kind: 'anonymous',
      key: `${kind} ${email}`,
    });
    return usage?.isOver !== true;
  }

  /**
   * Stores an action, and its mail for the outbox. Joins the transaction of the caller. Call {@link tryCountMail} before the
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
    const subject = kind === 'reset_password' ? email : (accountId ?? id);
    const expiresAt = this.clock.now() + EMAIL_ACTION_SECONDS[kind] * 1000;
    const saved = { ...action, id, accountId, passwordHash, expiresAt };
    await this.actions.save(saved, subject, MAX_CODES);
    return id;
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
   * @param apply an error of it rolls the claim back
   * @returns undefined if the action was claimed, replaced, or has expired
   */
  claim<T>(
    action: EmailAction,
    apply: (action: EmailAction) => Promise<T>,
  ): Promise<T | undefined> {
    return this.unitOfWork.transaction(async () =>
      (await this.actions.claim(action.id)) ? apply(action) : undefined,
    );
  }

  /**
   * The same by the code. Each attempt counts before its code is compared, so parallel attempts cannot exceed {@link MAX_CODES}.
   * @param id from {@link save}; neither it nor the code is validated
   * @returns undefined also for a wrong code, and after too many
   */
  async claimByCode<T>(
    kinds: readonly EmailActionKind[],
    { id, code }: { readonly id: string; readonly code: string },
    apply: (action: EmailAction) => Promise<T>,
  ): Promise<T | undefined> {
    const action = /^[\w-]{22}$/.test(id) ? await this.findOfKind(kinds, id) : undefined;
    if (!action) return undefined;
    return this.unitOfWork.transaction(async () => {
      if (!(await this.actions.countAttempt(id)) || !this.isCode(id, code)) return undefined;
      return (await this.actions.claim(id)) ? apply(action) : undefined;
    });
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

function computeCode(id: string, { key }: DerivedKey): string {
  const mac = createHmac('sha256', key).update(`code of ${id}`).digest();
  return String(mac.readUIntBE(0, 6) % 10 ** CODE_DIGITS).padStart(CODE_DIGITS, '0');
}
