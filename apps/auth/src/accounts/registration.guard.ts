import { createHash } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { RegistrationRefused } from '../platform/oauth-error.js';
import { describeNetwork } from '../platform/network.js';
import { enforceQuota, RateLimitService } from '../platform/rate-limit.service.js';
import { CredentialsService, type Registration } from './credentials.service.js';
import { InvitationRepository } from './invitation.service.js';

/** The registration of accounts by their owners, as far as `REGISTRATION` allows it. */
@Injectable()
export class RegistrationService {
  private readonly mode: AuthConfig['REGISTRATION'];

  constructor(
    private readonly credentials: CredentialsService,
    private readonly invitations: InvitationRepository,
    @Inject(AUTH_CONFIG) config: AuthConfig,
  ) {
    this.mode = config.REGISTRATION;
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
   * Creates an account, and uses the invitation in the same transaction.
   * @throws {PasswordHashQueueFull}
   * @throws {RegistrationRefused}
   */
  async register({ invitation = '', ...credential }: Registration): Promise<void> {
    if (this.mode === 'open') return void (await this.credentials.register(credential));
    const email = await this.findInvitedEmail(invitation);
    const isRegistered =
      email === credential.email &&
      (await this.credentials.register(credential, () => this.invitations.use(invitation, email)));
    if (!isRegistered) throw new RegistrationRefused('invitationInvalid');
  }
}

/**
 * Refuses registrations that `REGISTRATION` does not allow before they count for the rate limit. So a request without an
 * invitation does not use up the limit of invited users in its network.
 */
@Injectable()
export class RegistrationGuard implements CanActivate {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly limits: RateLimitService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const invitation = readInvitation(request);
    const email = await this.registrations.findInvitedEmail(invitation);
    if (request.method !== 'POST') return true;
    // An invitation counts for itself, so that other users of the network cannot use it up.
    const key =
      email === undefined
        ? describeNetwork(request.ip)
        : `invitation ${hashInvitation(invitation)}`;
    const state = await this.limits.consume('registration', { kind: 'anonymous', key });
    enforceQuota(http.getResponse<FastifyReply>(), state);
    return true;
  }
}

const hashInvitation = (code: unknown): string =>
  createHash('sha256').update(String(code)).digest('base64url');

function readInvitation({ method, body, query }: FastifyRequest): unknown {
  const source = method === 'POST' ? body : query;
  return typeof source === 'object' && source !== null && 'invitation' in source
    ? source.invitation
    : undefined;
}
