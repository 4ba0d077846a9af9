import { waitUntil } from '@gatehouse/service-kit/testing';
import type { Person } from '../../support/auth-api.js';
import { readRotations } from '../../support/auth-database.js';
import type { ClientApp } from './client-app.js';
import { NAME, type TlsStack } from './tls-stack.js';
import type { Page, UserAgent } from './user-agent.js';

export const STEPS = [
  'sign-in',
  'user',
  'API',
  'refresh',
  'bad code',
  'denied',
  'sign-out',
] as const;
export type StepName = (typeof STEPS)[number];
/** `yes`, or what came instead. */
export type Results = Readonly<Record<StepName, string>>;

const ERRORS = { 'bad code': 'invalid_grant', denied: 'access_denied' } as const;

/** The results of an app that does not start. */
export const failAll = (error: unknown): Results => {
  const result = `no: ${String(error)}`;
  return {
    ...{ 'sign-in': result, user: result, API: result, refresh: result },
    ...{ 'bad code': result, denied: result, 'sign-out': result },
  };
};

/** One person's way through an app. Each step begins where the one before ended. */
export class Walk {
  private readonly person: Person;

  constructor(
    private readonly app: ClientApp,
    private readonly stack: TlsStack,
    private readonly userAgent: UserAgent,
  ) {
    this.person = stack.person;
  }

  async run(): Promise<Results> {
    const badCode = await this.try('bad code', () => this.sendMadeUpCode());
    const denied = await this.try('denied', () => this.deny());
    const signIn = await this.try('sign-in', () => this.signIn());
    const user = await this.try('user', () => this.readUser());
    const api = await this.try('API', () => this.callApi());
    const refresh = await this.try('refresh', () => this.refreshTwice());
    const signOut = await this.try('sign-out', () => this.signOut());
    return {
      ...{ 'sign-in': signIn, user, API: api, refresh },
      ...{ 'bad code': badCode, denied, 'sign-out': signOut },
    };
  }

  private async try(step: StepName, action: () => Promise<string>): Promise<string> {
    const reason = this.app.client.without?.[step];
    if (reason !== undefined) return `– ${reason}`;
    try {
      return await action();
    } catch (error) {
      return `no: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** An error of the token endpoint (RFC 6749 §5.2). */
  private async sendMadeUpCode(): Promise<string> {
    const logStart = this.app.output.length;
    const request = await this.userAgent.startLogin(`${this.app.baseUrl}/login`);
    const { searchParams } = request;
    const parameters = new URLSearchParams({ code: 'made-up', iss: this.stack.issuer });
    const state = searchParams.get('state');
    if (state !== null) parameters.set('state', state);
    const isForm = searchParams.get('response_mode') === 'form_post';
    const page = await this.userAgent.callBack(this.app.redirectUri, parameters, isForm);
    return this.readError('bad code', page, logStart);
  }

  /** An error of the authorization endpoint (RFC 6749 §4.1.2.1). */
  private async deny(): Promise<string> {
    const logStart = this.app.output.length;
    await this.userAgent.open(`${this.app.baseUrl}/login`);
    const page = await this.userAgent.logIn(this.person);
    expectAt(page, `${this.stack.issuer}/consent`);
    return this.readError('denied', await this.userAgent.decide('deny'), logStart);
  }

  /**
   * On the page, in its address, or else in the output of the app since the start of the step. An app can answer before its log
   * line arrives, because Apache for example writes its log through another process.
   */
  private async readError(step: keyof typeof ERRORS, page: Page, logStart: number) {
    const expected = this.app.client.shows?.[step] ?? ERRORS[step];
    const address = decodeURIComponent(page.url.href.replaceAll('+', ' '));
    if (`${address}\n${page.text}`.includes(expected)) return expected;
    const isLogged = () => this.app.output.slice(logStart).includes(expected);
    const options = { description: `${expected} in the log`, timeoutSeconds: 10, intervalMs: 20 };
    await waitUntil(isLogged, options).catch(() => {
      throw describe(page);
    });
    return `${expected} (log)`;
  }

  private async signIn(): Promise<string> {
    let page = await this.userAgent.open(`${this.app.baseUrl}/login`);
    if (page.url.href.startsWith(`${this.stack.issuer}/login`)) {
      page = await this.userAgent.logIn(this.person);
    }
    if (page.url.href.startsWith(`${this.stack.issuer}/consent`)) {
      page = await this.userAgent.decide('allow');
    }
    expectAt(page, this.app.baseUrl);
    if (page.status >= 400) throw describe(page);
    return 'yes';
  }

  private async readUser(): Promise<string> {
    const page = await this.userAgent.open(`${this.app.baseUrl}/me`);
    const user = parse<{ name?: string; email?: string }>(page);
    if (user.name !== NAME || user.email !== this.person.email) throw describe(page);
    return 'yes';
  }

  private async callApi(): Promise<string> {
    const page = await this.userAgent.open(`${this.app.baseUrl}/orders`);
    if (!Array.isArray(parse<{ orders?: unknown }>(page).orders)) throw describe(page);
    return 'yes';
  }

  private async refreshTwice(): Promise<string> {
    let before = 0;
    for (const _refresh of ['first', 'second']) {
      const page = await this.userAgent.open(`${this.app.baseUrl}/refresh`);
      if (parse<{ changed?: boolean }>(page).changed !== true) throw describe(page);
      const counted = await readRotations(this.database, this.app.clientId);
      if (counted <= before) throw new Error(`auth counted ${counted} rotations`);
      before = counted;
      await this.callApi();
    }
    return 'yes';
  }

  /** At the app and at auth, which asks for the password again. */
  private async signOut(): Promise<string> {
    let page = await this.userAgent.open(`${this.app.baseUrl}/logout`);
    const isAsked = page.url.href.startsWith(`${this.stack.issuer}/oauth/logout`);
    if (isAsked) page = await this.userAgent.confirmLogout();
    expectAt(page, this.app.baseUrl);
    if (page.status >= 400) throw describe(page);
    const me = await this.userAgent.open(`${this.app.baseUrl}/me`);
    if (me.text.includes(this.person.email)) throw describe(me);
    expectAt(await this.userAgent.open(`${this.app.baseUrl}/login`), `${this.stack.issuer}/login`);
    return isAsked ? 'yes, after a question' : 'yes';
  }

  private get database() {
    return { dataDir: this.stack.auth.environment['DATA_DIR'] ?? '' };
  }
}

function expectAt(page: Page, address: string): void {
  if (!page.url.href.startsWith(address)) throw describe(page);
}

function parse<Body>(page: Page): Body {
  if (page.status >= 400) throw describe(page);
  try {
    return JSON.parse(page.text);
  } catch {
    throw describe(page);
  }
}

const describe = ({ url, status, text }: Page): Error =>
  new Error(`${url.href.slice(0, 300)} ${status} ${text.replaceAll(/\s+/g, ' ').slice(0, 600)}`);
