import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { type Credential, CredentialsService } from '../accounts/credentials.service.js';
import { BrowserSessionCookie } from '../sessions/browser-session-cookie.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import { OAuthError } from '../platform/oauth-error.js';
import { describeDevice } from '../sessions/device.js';
import { InteractionService } from './interaction.service.js';
import { buildContinueUrl, buildPageUrl } from './page.js';
import type { PageContext } from './page-context.js';

/** Where somebody who is logged in goes on. */
export interface SignedIn {
  readonly location: string;
  /** `Set-Cookie`, each. */
  readonly cookies: readonly string[];
}

/** The login of people with their browser. */
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
   * @returns nothing where it is refused, for whatever reason
   * @throws {TooBusy}
   * @throws {TooManyRequests}
   */
  async signIn(visitor: PageContext, credential: Credential): Promise<SignedIn | undefined> {
    const account = await this.verifyCredential(visitor, credential);
    if (!account) return undefined;
    const begun = await this.sessions.create(
      account,
      describeDevice(visitor),
      visitor.browserSession,
    );
    // The password was changed, or the account disabled, while its hash was compared.
    if (!begun) return this.undefinedIfRejected(this.credentials.rejectLogin('wrong_password'));
    const cookies = [
      this.cookie.write(begun.secret),
      this.knownDevice.write(visitor.cookie, credential.email),
    ];
    return { cookies, location: this.resume(visitor, account.id) };
  }

  /** Whoever has just logged in has chosen an account by that. */
  resume(visitor: PageContext, chosen: string): string {
    const { interaction } = visitor;
    return interaction
      ? buildContinueUrl(visitor, this.interactions.createTicket({ ...interaction, chosen }))
      : buildPageUrl('/account', visitor);
  }

  private verifyCredential(
    visitor: PageContext,
    credential: Credential,
  ): Promise<Account | undefined> {
    return this.undefinedIfRejected(
      this.credentials.verify(credential, this.knownDevice.readOrigin(visitor)),
    );
  }

  private async undefinedIfRejected<T>(attempt: Promise<T>): Promise<T | undefined> {
    try {
      return await attempt;
    } catch (error) {
      if (error instanceof OAuthError) return undefined;
      throw error;
    }
  }
}
