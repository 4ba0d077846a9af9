import { createHash } from 'node:crypto';
import { TestBrowser as SharedBrowser } from '@gatehouse/service-kit/testing';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { BrowserSessionCookie } from '../../src/sessions/browser-session-cookie.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { CALLBACK } from './factories.js';
import { PASSWORD, type TestAuth, type TestResponse } from './test-auth.js';

export { findForm } from '@gatehouse/service-kit/testing';
export { aClient, anAccount, CALLBACK } from './factories.js';

export const VERIFIER = 'a-verifier-of-43-characters-or-more-is-long-enough';
export const computeChallenge = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

export type AuthorizationParameters = Readonly<Record<string, string | undefined>>;

/** A browser that also logs in and consents without the pages, and sends authorization requests. */
export class TestBrowser extends SharedBrowser {
  constructor(private readonly auth: TestAuth) {
    super(auth.url);
  }

  /** Creates a browser session without the login page, and stores its cookie. */
  async signIn({ id }: { readonly id: string }): Promise<void> {
    const account = await this.auth.app.get(AccountRepository).find(id);
    const device = { userAgent: 'A test browser', origin: null };
    const sessions = this.auth.app.get(BrowserSessionService);
    const previous = await sessions.findCurrent(this.cookieHeader);
    const created = account && (await sessions.create(account, device, previous));
    if (!created) throw new Error('the browser session was not created');
    const cookie = this.auth.app.get(BrowserSessionCookie).write(created.secret);
    const [, name = ''] = /^([^=]+)=/.exec(cookie) ?? [];
    this.cookies.set(name, created.secret);
  }

  /** Grants a client its scopes without the consent page. */
  async grantConsent(account: { readonly id: string }, clientId: string): Promise<void> {
    const scope = 'openid profile email offline_access photos:read tickets:read'.split(' ');
    await this.auth.app.get(ConsentService).grant(account.id, clientId, scope);
  }

  /** Sends a valid authorization request. `more` overrides parameters; `undefined` removes one. */
  authorize(clientId: string, more: AuthorizationParameters = {}): Promise<TestResponse> {
    return this.visit(`/oauth/authorize?${buildAuthorizationQuery(clientId, more)}`);
  }

  /** Sends an authorization request for a user who is logged in and has consented. @returns the code */
  async obtainCode(clientId: string, more: AuthorizationParameters = {}): Promise<string> {
    const answer = await this.authorize(clientId, more);
    const { code } = readRedirectParameters(answer);
    if (code === undefined)
      throw new Error(`no code: ${answer.headers.get('location')} ${answer.text}`);
    return code;
  }

  /** @param registered the answer to the registration page. @returns the login page, without a confirmation of the address */
  async confirmLater(registered: TestResponse): Promise<TestResponse> {
    const { text } = await this.follow(registered);
    const [, href = ''] = /id="later" href="([^"]+)"/.exec(text) ?? [];
    return this.open(href.replaceAll('&amp;', '&'));
  }

  /** Submits the login page. */
  async submitPassword(
    page: TestResponse,
    login: string,
    password = PASSWORD,
  ): Promise<TestResponse> {
    return this.follow(await this.submit(page, { login, password }));
  }
}

export function buildAuthorizationQuery(
  clientId: string,
  more: AuthorizationParameters = {},
): string {
  const parameters = {
    client_id: clientId,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid',
    state: 'a-state',
    code_challenge: computeChallenge(VERIFIER),
    code_challenge_method: 'S256',
    ...more,
  };
  const sent = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return new URLSearchParams(sent).toString();
}

/** The parameters of a redirect to the client. */
export function readRedirectParameters(answer: TestResponse): Record<string, string> {
  const location = answer.headers.get('location');
  return location === null ? {} : Object.fromEntries(new URL(location, CALLBACK).searchParams);
}
