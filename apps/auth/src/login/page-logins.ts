import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { type Credential, Credentials } from '../accounts/credentials.js';
import { BrowserSessionCookie } from '../browser-sessions/browser-session-cookie.js';
import { BrowserSessions } from '../browser-sessions/browser-sessions.js';
import { Interactions } from '../interactions/interactions.js';
import { KnownDeviceCookie } from '../login-attempts/known-device-cookie.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { addressOf, continuation } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';
import { deviceOf } from './device.js';

/** Where somebody who is logged in goes on. */
export interface Entry {
  readonly location: string;
  /** `Set-Cookie`, each. */
  readonly cookies: readonly string[];
}

/** The login of people with their browser. */
@Injectable()
export class PageLogins {
  constructor(
    private readonly credentials: Credentials,
    private readonly sessions: BrowserSessions,
    private readonly cookie: BrowserSessionCookie,
    private readonly knownDevice: KnownDeviceCookie,
    private readonly interactions: Interactions,
  ) {}

  /**
   * @returns nothing where it is refused, for whatever reason
   * @throws {TooBusy}
   * @throws {TooManyRequests}
   */
  async enter(visitor: Visitor, credential: Credential): Promise<Entry | undefined> {
    const account = await this.verified(visitor, credential);
    if (!account) return undefined;
    const begun = await this.sessions.begin(account, deviceOf(visitor), visitor.session);
    // The password was changed, or the account disabled, while its hash was compared.
    if (!begun) return this.refused(this.credentials.refuse('wrong_password'));
    const cookies = [
      this.cookie.write(begun.secret),
      this.knownDevice.write(visitor.cookie, credential.email),
    ];
    return { cookies, location: this.goOn(visitor, account.id) };
  }

  /** Whoever has just logged in has chosen an account by that. */
  goOn(visitor: Visitor, chosen: string): string {
    const { interaction } = visitor;
    return interaction
      ? continuation(visitor, this.interactions.seal({ ...interaction, chosen }))
      : addressOf('/account', visitor);
  }

  private verified(visitor: Visitor, credential: Credential): Promise<Account | undefined> {
    return this.refused(this.credentials.verify(credential, this.knownDevice.originOf(visitor)));
  }

  private async refused<T>(attempt: Promise<T>): Promise<T | undefined> {
    try {
      return await attempt;
    } catch (error) {
      if (error instanceof OAuthError) return undefined;
      throw error;
    }
  }
}
