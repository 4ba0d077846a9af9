import { findForm, TestBrowser, type TestResponse } from '@gatehouse/service-kit/testing';
import type { Person } from '../support/auth-api.js';

/** One browser without a window: a cookie jar at auth, and one at the tools, as `localhost` has one for all ports. */
export class WebUser {
  readonly auth: TestBrowser;
  /** All answers of the tools, for the search for tokens. */
  readonly answers: TestResponse[] = [];
  readonly cookies = new Map<string, string>();

  constructor(
    authUrl: string,
    private readonly person: Person,
  ) {
    this.auth = new TestBrowser(authUrl);
  }

  /** Sends one request to a tool, as its page does. */
  async send(url: string, init: RequestInit & { readonly json?: unknown } = {}) {
    const { origin } = new URL(url);
    const browser = new TestBrowser(origin);
    for (const [name, value] of this.cookies) browser.cookies.set(name, value);
    const { json, ...rest } = init;
    const headers = {
      accept: 'application/json',
      'x-requested-by': 'web',
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...(rest.headers as Record<string, string> | undefined),
    };
    const answer = await browser.open(url, {
      ...rest,
      headers,
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    this.cookies.clear();
    for (const [name, value] of browser.cookies) this.cookies.set(name, value);
    this.answers.push(answer);
    return answer;
  }

  /**
   * Signs in at a tool, with password and consent where auth asks for them.
   *
   * @returns the pages that auth showed, and the address where the tool sent the browser at the end
   */
  async signIn(tool: string, query = '') {
    const begin = await this.send(`${tool}/sign-in${query}`);
    return this.finishSignIn(tool, begin);
  }

  async finishSignIn(tool: string, begin: TestResponse) {
    const pages: string[] = [];
    let answer = await this.auth.visit(begin.headers.get('location') ?? '');
    while (answer.status === 200 && pages.length < 5) {
      pages.push(/<h1[^>]*>([^<]*)/.exec(answer.text)?.[1] ?? '');
      answer = await this.auth.follow(await this.submit(answer));
    }
    const callback = answer.headers.get('location') ?? '';
    // Auth names the public address, and the caller the replica.
    const { pathname, search } = new URL(callback);
    const end = await this.send(`${tool}${pathname}${search}`);
    return {
      pages,
      callback: `${tool}${pathname}${search}`,
      location: end.headers.get('location'),
    };
  }

  /** The login page has a field for the password. The consent page has a button that allows. */
  private submit(page: TestResponse): Promise<TestResponse> {
    const { email: login, password } = this.person;
    if (page.text.includes('type="password"')) return this.auth.submit(page, { login, password });
    const { action, body } = findForm(page);
    body.set('decision', 'allow');
    return this.auth.open(action, { method: 'POST', body });
  }

  async session(tool: string): Promise<Record<string, unknown>> {
    return (await this.send(`${tool}/session`)).body;
  }
}
