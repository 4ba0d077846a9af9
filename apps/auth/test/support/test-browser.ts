import { createHash } from 'node:crypto';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { CALLBACK } from './factories.js';
import { PASSWORD, type TestAuth, type TestResponse } from './test-auth.js';

export { aClient, anAccount, CALLBACK } from './factories.js';

export const VERIFIER = 'a-verifier-of-43-characters-or-more-is-long-enough';
export const computeChallenge = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

export type AuthorizationParameters = Readonly<Record<string, string | undefined>>;

/**
 * A browser without a window: it keeps cookies, follows redirects of the server, and submits forms. Its cookie jar ignores `Path`
 * and `Secure`, because the tests use http.
 */
export class TestBrowser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly auth: TestAuth) {}

  /** Creates a browser session without the login page, and stores its cookie. */
  async signIn({ id }: { readonly id: string }): Promise<void> {
    const account = await this.auth.app.get(AccountRepository).find(id);
    const device = { userAgent: 'A test browser', origin: null };
    const sessions = this.auth.app.get(BrowserSessionService);
    const previous = await sessions.findCurrent(this.cookieHeader);
    const created = account && (await sessions.create(account, device, previous));
    if (!created) throw new Error('the browser session was not created');
    this.cookies.set('session', created.secret);
  }

  /** Grants a client its scopes without the consent page. */
  async grantConsent(account: { readonly id: string }, clientId: string): Promise<void> {
    const scope = 'openid profile email offline_access orders:read billing:read'.split(' ');
    await this.auth.app.get(ConsentService).grant(account.id, clientId, scope);
  }

  /** Sends one request, and does not follow a redirect. */
  async open(path: string, init: RequestInit = {}): Promise<TestResponse> {
    const headers = {
      ...init.headers,
      ...(this.cookies.size > 0 && { cookie: this.cookieHeader }),
    };
    const answer = await this.auth.send(path, { ...init, headers });
    for (const cookie of answer.headers.getSetCookie()) this.storeCookie(cookie);
    return answer;
  }

  /** Submits the form of a page whose action begins with `action`, with its fields and the typed values. */
  submit(
    page: TestResponse,
    typed: Readonly<Record<string, string>> = {},
    action = '',
  ): Promise<TestResponse> {
    const form = findForm(page, typed, action);
    return this.open(form.action, { method: 'POST', body: form.body });
  }

  /** Follows redirects within the server. */
  async follow(answer: TestResponse): Promise<TestResponse> {
    const location = answer.headers.get('location');
    if (answer.status !== 303 || !location?.startsWith('/')) return answer;
    return this.follow(await this.open(location));
  }

  /** Sends a valid authorization request. `more` overrides parameters; `undefined` removes one. */
  async authorize(clientId: string, more: AuthorizationParameters = {}): Promise<TestResponse> {
    return this.follow(
      await this.open(`/oauth/authorize?${buildAuthorizationQuery(clientId, more)}`),
    );
  }

  /** Sends an authorization request for a user who is logged in and has consented. @returns the code */
  async obtainCode(clientId: string, more: AuthorizationParameters = {}): Promise<string> {
    const answer = await this.authorize(clientId, more);
    const { code } = readRedirectParameters(answer);
    if (code === undefined)
      throw new Error(`no code: ${answer.headers.get('location')} ${answer.text}`);
    return code;
  }

  /** Submits the login page. */
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

/** The parameters of a redirect to the client. */
export function readRedirectParameters(answer: TestResponse): Record<string, string> {
  const location = answer.headers.get('location');
  return location === null ? {} : Object.fromEntries(new URL(location, CALLBACK).searchParams);
}

/** The first form of a page whose action begins with `to`, as a browser sends it. */
export function findForm(
  page: TestResponse,
  typed: Readonly<Record<string, string>> = {},
  to = '',
) {
  const form = parseForms(page.text).find(({ attributes }) => attributes.includes(`action="${to}`));
  if (!form) throw new Error(`no form with the action ${to} in: ${page.text}`);
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
