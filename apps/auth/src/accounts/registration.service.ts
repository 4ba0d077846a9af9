import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { MessageLanguage } from '../platform/notifications/action-message.js';
import { RegistrationRefused, TooManyRequests } from '../platform/oauth-error.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountRepository } from './account.repository.js';
import type { Registration } from './credentials.service.js';
import type { EmailAction } from './email-action.repository.js';
import { EmailActionService } from './email-action.service.js';
import { InvitationRepository } from './invitation.service.js';
import { PasswordHasher } from './password-hasher.js';

/** A registration whose rules were checked. */
interface AcceptedRegistration {
  readonly email: string;
  readonly passwordHash: string;
  readonly language: MessageLanguage;
  /** The code of the invitation that it uses. */
  readonly invitation?: string | undefined;
}

/** Creates the accounts of registrations. Each method does the same work for an address that has an account. */
@Injectable()
export class RegisteredAccountService {
  constructor(
    private readonly accounts: AccountRepository,
    private readonly invitations: InvitationRepository,
    private readonly actions: EmailActionService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /**
   * Creates an account whose address is not verified, and requests the verification. For an address that has an account, nothing
   * changes, and its owner gets a mail that says so.
   * @returns the id of the verification; undefined if the invitation was used meanwhile
   */
  async create(registration: AcceptedRegistration): Promise<string | undefined> {
    const { email, passwordHash, language, invitation } = registration;
    const mayMail = (await this.actions.countMail({ kind: 'verify_email', email })) === 0;
    return this.unitOfWork.transaction(async () => {
      if (invitation !== undefined && !(await this.invitations.use(invitation, email)))
        return undefined;
      const accountId = await this.accounts.create(email, passwordHash);
      await this.recordRegistration(accountId);
      if (!mayMail) return randomBytes(16).toString('base64url');
      const action = { kind: 'verify_email', email, language } as const;
      return this.actions.save({ ...action, accountId: accountId ?? null });
    });
  }

  /**
   * Stores a registration without an account. The confirmation creates the account.
   * @returns the id of the verification
   * @throws {TooManyRequests}
   */
  async createPending(registration: AcceptedRegistration): Promise<string> {
    const { email, passwordHash, language } = registration;
    const waitMs = await this.actions.countMail({ kind: 'register', email });
    if (waitMs > 0) throw new TooManyRequests(waitMs);
    return this.actions.save({ kind: 'register', email, passwordHash, language });
  }

  /**
   * Creates the account of a confirmed registration. Joins the transaction of the confirmation.
   * @returns undefined if the address got an account meanwhile
   */
  async createConfirmed({ email, passwordHash }: EmailAction): Promise<string | undefined> {
    const accountId = await this.accounts.create(email, passwordHash ?? '');
    await this.recordRegistration(accountId);
    if (accountId === undefined) return undefined;
    await this.invitations.deleteOfAddress(email);
    return accountId;
  }

  private async recordRegistration(accountId: string | undefined): Promise<void> {
    if (accountId) await this.events.record({ type: 'account.registered', accountId });
    else await this.events.record({ type: 'account.registration_repeated' });
  }
}

/** The registration of accounts by their owners, as far as `REGISTRATION` allows it. */
@Injectable()
export class RegistrationService {
  private readonly mode: AuthConfig['REGISTRATION'];
  /** Whether an account is created only after its owner confirmed the address. */
  readonly needsVerification: boolean;

  constructor(
    private readonly passwords: PasswordHasher,
    private readonly invitations: InvitationRepository,
    private readonly registered: RegisteredAccountService,
    @Inject(AUTH_CONFIG) config: AuthConfig,
  ) {
    this.mode = config.REGISTRATION;
    this.needsVerification = config.EMAIL_VERIFICATION === 'required';
  }

  /** Whether the pages link to the registration page. Invited users have a link of their own. */
  get isOpen(): boolean {
    return this.mode === 'open';
  }

  /**
   * @param code of an invitation, not validated
   * @returns the e-mail address that the registration must have; undefined for any address
   * @throws {RegistrationRefused}
   */
  async findInvitedEmail(code: unknown): Promise<string | undefined> {
    if (this.mode === 'open') return undefined;
    if (this.mode === 'closed') throw new RegistrationRefused('registrationClosed');
    const email = typeof code === 'string' ? await this.invitations.findEmail(code) : undefined;
    if (email === undefined) throw new RegistrationRefused('invitationInvalid');
    return email;
  }

  /**
   * Registers, and requests the verification of the address. The answer does not depend on whether the address has an account.
   * @returns the id of the verification, which its code needs
   * @throws {PasswordHashQueueFull}
   * @throws {RegistrationRefused}
   * @throws {TooManyRequests}
   */
  async register(
    { invitation: code = '', email, password }: Registration,
    language: MessageLanguage,
  ): Promise<string> {
    const invited = await this.findInvitedEmail(code);
    if (invited !== undefined && invited !== email)
      throw new RegistrationRefused('invitationInvalid');
    const passwordHash = await this.passwords.hash(password);
    const registration = { email, passwordHash, language };
    if (this.needsVerification) return this.registered.createPending(registration);
    const invitation = invited === undefined ? undefined : code;
    const id = await this.registered.create({ ...registration, invitation });
    if (id === undefined) throw new RegistrationRefused('invitationInvalid');
    return id;
  }
}
