import { createHash, randomBytes } from 'node:crypto';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import type { Account } from '../../src/accounts/account.entity.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import type { ClientRegistration } from '../../src/clients/client.repository.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { PASSWORD, type TestAuth, type TestResponse } from './test-auth.js';

export const CALLBACK = 'https://client.example/callback';
export const VERIFIER = 'a-verifier-of-43-characters-or-more-is-long-enough';
export const computeChallenge = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

export type AuthorizationParameters = Readonly<Record<string, string | undefined>>;

/** A public client for the code flow; whatever it is not asked about is as the protocol wants it. */
export async function aClient(
  auth: TestAuth,
  client: Partial<ClientRegistration> & { readonly secret?: string } = {},
): Promise<string> {
  const id = client.id ?? `client-${randomBytes(6).toString('hex')}`;
  await auth.registerClient({
    id,
    grantTypes: ['authorization_code', 'refresh_token'],
    scope: ['openid', 'profile', 'email', 'offline_access', 'orders:read', 'billing:read'],
    redirectUris: [CALLBACK],
    ...client,
  });
  return id;
}

/** Somebody with an account. */
export async function anAccount(auth: TestAuth, email?: string): Promise<Account> {
  const address = email ?? `${randomBytes(6).toString('hex')}@gatehouse.example`;
  await auth.register(address);
  const account = await auth.app.get(AccountRepository).findByEmail(address);
  if (!account) throw new Error('not registered');
  return account;
}

/** A browser without a window: keeps cookies, follows redirects of the server, and sends the forms of its pages. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly auth: TestAuth) {}

  /** Logs in past the login page: a session begins, and this browser has its cookie. */
  async signIn({ id }: { readonly id: string }): Promise<void> {
    const account = await this.auth.app.get(AccountRepository).find(id);
    const device = { userAgent: 'A test browser', origin: null };
    const sessions = this.auth.app.get(BrowserSessionService);
    const previous = await sessions.findCurrent(this.cookieHeader);
    const begun = account && (await sessions.create(account, device, previous));
    if (!begun) throw new Error('could not log in');
    this.cookies.set('session', begun.secret);
  }

  /** Allows past the consent page what a client may ask for. */
  async grantConsent(account: { readonly id: string }, clientId: string): Promise<void> {
    const scope = 'openid profile email offline_access orders:read billing:read'.split(' ');
    await this.auth.app.get(ConsentService).grant(account.id, clientId, scope);
  }

  /** One request; a redirect is not followed. */
  async open(path: string, init: RequestInit = {}): Promise<TestResponse> {
    const headers = {
      ...init.headers,
      ...(this.cookies.size > 0 && { cookie: this.cookieHeader }),
    };
    const answer = await this.auth.send(path, { ...init, headers });
    for (const cookie of answer.headers.getSetCookie()) this.storeCookie(cookie);
    return answer;
  }

  /** Sends the form of a page that leads to `action`, the only one where left out, with what it has and what is typed. */
  submit(
    page: TestResponse,
    typed: Readonly<Record<string, string>> = {},
    action = '',
  ): Promise<TestResponse> {
    const form = findForm(page, typed, action);
    return this.open(form.action, { method: 'POST', body: form.body });
  }

  /** Goes where redirects lead, as long as they stay on this server. */
  async follow(answer: TestResponse): Promise<TestResponse> {
    const location = answer.headers.get('location');
    if (answer.status !== 303 || !location?.startsWith('/')) return answer;
    return this.follow(await this.open(location));
  }

  /** An authorization request, with all that it needs unless it says otherwise. `undefined` leaves a parameter out. */
  async authorize(clientId: string, more: AuthorizationParameters = {}): Promise<TestResponse> {
    return this.follow(
      await this.open(`/oauth/authorize?${buildAuthorizationQuery(clientId, more)}`),
    );
  }

  /** The same, for somebody who is logged in and has consented. */
  async obtainCode(clientId: string, more: AuthorizationParameters = {}): Promise<string> {
    const answer = await this.authorize(clientId, more);
    const { code } = readRedirectParameters(answer);
    if (code === undefined)
      throw new Error(`no code: ${answer.headers.get('location')} ${answer.text}`);
    return code;
  }

  /** On the login page, which the answer is. */
  async submitPassword(
    page: TestResponse,
    login: string,
    password = PASSWORD,
  ): Promise<TestResponse> {
    return this.follow(await this.submit(page, { login, password }));
  }

  deleteCookie(cookie: string): void {
    this.cookies.delete(cookie);
  }

  private get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private storeCookie(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (/max-age=0/i.test(cookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
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

/** What a redirect tells the client. */
export function readRedirectParameters(answer: TestResponse): Record<string, string> {
  const location = answer.headers.get('location');
  return location === null ? {} : Object.fromEntries(new URL(location, CALLBACK).searchParams);
}

/** The form of a page that leads to `to`, the first one where left out, as a browser sends it. */
export function findForm(
  page: TestResponse,
  typed: Readonly<Record<string, string>> = {},
  to = '',
) {
  const form = parseForms(page.text).find(({ attributes }) => attributes.includes(`action="${to}`));
  if (!form) throw new Error(`no form that leads to ${to} in: ${page.text}`);
  return { action: form.action, body: new URLSearchParams({ ...form.fields, ...typed }) };
}

function parseForms(text: string) {
  return [...text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(
    ([, attributes = '', content = '']) => ({
      attributes,
      action: unescapeHtml(/action="([^"]*)"/.exec(attributes)?.[1] ?? ''),
      fields: Object.fromEntries(
        [...content.matchAll(/<input([^>]*)>/g)].map(([, input = '']) => [
          unescapeHtml(/name="([^"]*)"/.exec(input)?.[1] ?? ''),
          unescapeHtml(/value="([^"]*)"/.exec(input)?.[1] ?? ''),
        ]),
      ),
    }),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
