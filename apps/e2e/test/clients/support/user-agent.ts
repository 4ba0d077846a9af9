import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readFileSync } from 'node:fs';
import type { BrowserContext, Page as BrowserPage } from 'playwright-core';
import { findForm, TestBrowser, type TestResponse } from '@gatehouse/service-kit/testing';
import type { Person } from '../../support/auth-api.js';

/** The page after all redirects. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

/** A browser, and what its user does in it. */
export interface UserAgent {
  /** Opens an address, and follows redirects and forms that submit themselves. */
  open(address: string): Promise<Page>;
  logIn(person: Person): Promise<Page>;
  decide(decision: 'allow' | 'deny'): Promise<Page>;
  confirmLogout(): Promise<Page>;
  /** Opens the app's login, and does not go to auth. @returns the authorization request */
  startLogin(address: string): Promise<URL>;
  /** Sends the browser to the redirect URI as auth does. */
  callBack(redirectUri: string, parameters: URLSearchParams, isForm: boolean): Promise<Page>;
}

const MAX_REDIRECTS = 20;
interface Step {
  readonly url: URL;
  readonly init?: RequestInit;
}

/** A browser without scripts for any number of origins. */
export class HttpUserAgent implements UserAgent {
  private readonly browsers = new Map<string, TestBrowser>();
  private readonly send: (url: URL, init: RequestInit) => Promise<Response>;
  private page: TestResponse | undefined;
  private url = new URL('about:blank');

  constructor(
    private readonly issuer: string,
    authority: string,
  ) {
    const ca = readFileSync(authority, 'utf8');
    this.send = (url, init) => sendAsBrowser(ca, url, init);
  }

  open(address: string): Promise<Page> {
    return this.run({ url: new URL(address) });
  }

  logIn({ email, password }: Person): Promise<Page> {
    return this.submit({ login: email, password });
  }

  decide(decision: 'allow' | 'deny'): Promise<Page> {
    return this.submit({ decision });
  }

  confirmLogout(): Promise<Page> {
    return this.submit({});
  }

  async startLogin(address: string): Promise<URL> {
    await this.run({ url: new URL(address) }, (url) => url.origin === this.issuer);
    return this.url;
  }

  callBack(redirectUri: string, parameters: URLSearchParams, isForm: boolean): Promise<Page> {
    if (isForm) return this.run({ url: new URL(redirectUri), init: post(parameters) });
    return this.open(`${redirectUri}?${parameters.toString()}`);
  }

  private submit(fields: Record<string, string>): Promise<Page> {
    if (!this.page) throw new Error('no page is open');
    const { action, body } = findForm(this.page, fields);
    return this.run({ url: new URL(action, this.url), init: post(body) });
  }

  private async run(first: Step, isEnd: (url: URL) => boolean = () => false): Promise<Page> {
    let step: Step | undefined = first;
    for (let n = 0; step && n < MAX_REDIRECTS; n += 1) {
      this.url = step.url;
      if (isEnd(this.url)) return { url: this.url, status: 0, text: '' };
      this.page = await this.browserOf(this.url).open(this.url, step.init);
      step = this.next(this.page);
    }
    if (step || !this.page) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
    return { url: this.url, status: this.page.status, text: this.page.text };
  }

  private next(page: TestResponse): Step | undefined {
    const location = page.headers.get('location');
    if (page.status >= 300 && page.status < 400 && location !== null) {
      return { url: new URL(location, this.url) };
    }
    // OAuth 2.0 Form Post Response Mode §2: the form for the client submits itself.
    if (this.url.origin !== this.issuer || !page.text.includes('<form')) return undefined;
    const { action, body } = findForm(page);
    const url = new URL(action, this.url);
    return url.origin === this.issuer ? undefined : { url, init: post(body) };
  }

  private browserOf({ origin }: URL): TestBrowser {
    const browser = this.browsers.get(origin) ?? new TestBrowser(origin, this.send);
    this.browsers.set(origin, browser);
    return browser;
  }
}

const post = (body: URLSearchParams): RequestInit => ({ method: 'POST', body });

/** Some servers redirect only browsers to auth, and know them by these. */
const NAVIGATION = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

/** `fetch` takes no certificate authority, and always sends `Sec-Fetch-Mode: cors`. */
function sendAsBrowser(
  ca: string,
  url: URL,
  { method, headers, body }: RequestInit,
): Promise<Response> {
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const sent = { ...NAVIGATION, ...Object.fromEntries(new Headers(headers)), ...type };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { ca, method: method ?? 'GET', headers: sent }, (answer) => {
      const received = new Headers();
      for (let n = 0; n < answer.rawHeaders.length; n += 2) {
        received.append(answer.rawHeaders[n] ?? '', answer.rawHeaders[n + 1] ?? '');
      }
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const content = chunks.length > 0 ? Buffer.concat(chunks) : null;
        resolve(new Response(content, { status: answer.statusCode ?? 0, headers: received }));
      });
    });
    request.on('error', reject);
    request.end(isForm ? body.toString() : undefined);
  });
}

/** What is on a page when no script or redirect leads on: a result of an app, or a form of auth. */
const SETTLED = '#result:not(:empty), main';

/** A person with Chromium, for apps whose scripts run in the browser. */
export class ChromiumUserAgent implements UserAgent {
  private constructor(
    private readonly page: BrowserPage,
    private readonly requests: URL[],
  ) {}

  static async create(context: BrowserContext): Promise<ChromiumUserAgent> {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const requests: URL[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/oauth/authorize') requests.push(url);
    });
    return new ChromiumUserAgent(page, requests);
  }

  async open(address: string): Promise<Page> {
    await this.page.goto(address);
    return this.settle();
  }

  async logIn({ email, password }: Person): Promise<Page> {
    await this.page.locator('#login').fill(email);
    await this.page.locator('#password').fill(password);
    return this.press('#submit');
  }

  decide(decision: 'allow' | 'deny'): Promise<Page> {
    return this.press(`#consent-${decision}`);
  }

  confirmLogout(): Promise<Page> {
    return this.press('main form button');
  }

  async startLogin(address: string): Promise<URL> {
    await this.open(address);
    const request = this.requests.at(-1);
    if (!request) throw new Error(`${address} did not lead to auth`);
    return request;
  }

  callBack(redirectUri: string, parameters: URLSearchParams): Promise<Page> {
    return this.open(`${redirectUri}?${parameters.toString()}`);
  }

  private async press(selector: string): Promise<Page> {
    const before = this.page.url();
    await this.page.locator(selector).click();
    await this.page.waitForURL((url) => url.href !== before);
    return this.settle();
  }

  private async settle(): Promise<Page> {
    const found = this.page.locator(SETTLED).first();
    await found.waitFor().catch(async (error: unknown) => {
      throw new Error(`${this.page.url()}: ${await this.page.content()}`, { cause: error });
    });
    const status = Number((await found.getAttribute('data-status')) ?? 200);
    return { url: new URL(this.page.url()), status, text: await this.page.innerText('body') };
  }
}
