import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Credential, CredentialsService } from '../accounts/credentials.service.js';
import { normalizeEmail } from '../accounts/email-address.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import { OAuthError } from '../platform/oauth-error.js';
import { BrowserSessionCookie } from '../sessions/browser-session-cookie.js';
import {
  BrowserSessionService,
  type CreatedBrowserSession,
} from '../sessions/browser-session.service.js';
import { describeDevice } from '../platform/network.js';
import { InteractionService } from './interaction.service.js';
import { type AccountForm, type PageContext, toAccountPath } from './page-context.js';
import { buildContinueUrl, buildPageUrl } from './page.js';

/** A password that is too long, missing or sent twice becomes an empty one, which is answered like a wrong password. */
export const passwordField = z.string().max(512).catch('');

/** Rejects control characters, because databases do not store NUL and no e-mail address has them. */
export const emailField = z
  .string()
  .max(254)
  .regex(/^\P{Cc}*$/u)
  .catch('');

export const loginForm = z.object({
  login: emailField.transform((email) => normalizeEmail(email) ?? email.trim().toLowerCase()),
  password: passwordField,
});

/** The response to a successful login. */
export interface SignedIn {
  readonly location: string;
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[];
}

/** Logs users in on the login page. */
@Injectable()
export class PageLoginService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly sessions: BrowserSessionService,
    private readonly cookie: BrowserSessionCookie,
    private readonly knownDevice: KnownDeviceCookie,
    private readonly interactions: InteractionService,
  ) {}

  /**
   * @param next the page that opens after a login without an authorization request; the account page by default
   * @returns `undefined` for a rejected login; the page does not reveal the reason
   * @throws {PasswordHashQueueFull}
   * @throws {TooManyRequests}
   */
  async signIn(
    context: PageContext,
    credential: Credential,
    next?: AccountForm,
  ): Promise<SignedIn | undefined> {
    const created = await this.createSession(context, credential);
    if (!created) return undefined;
    const cookies = [
      this.cookie.write(created.secret),
      this.knownDevice.write(context.cookie, credential.email),
    ];
    return { cookies, location: this.resume(context, created.session.accountId, next) };
  }

  /**
   * The URL where the authorization request continues, or the account page without a request.
   * @param chosen the account that the user selected, by a login or on the select-account page
   */
  resume(context: PageContext, chosen: string, next?: AccountForm): string {
    const { interaction } = context;
    return interaction
      ? buildContinueUrl(context, this.interactions.createTicket({ ...interaction, chosen }))
      : buildPageUrl(toAccountPath(next), context);
  }

  private async createSession(
    context: PageContext,
    credential: Credential,
  ): Promise<CreatedBrowserSession | undefined> {
    const origin = this.knownDevice.readOrigin(context);
    try {
      return await this.credentials.verify(credential, origin, async (account) => {
        context.arrival?.checkStillWanted();
        return this.sessions.create(account, describeDevice(context), context.browserSession);
      });
    } catch (error) {
      if (error instanceof OAuthError) return undefined;
      throw error;
    }
  }
}
