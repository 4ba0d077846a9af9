import type { BrowserContext, Page } from 'playwright-core';
import { waitUntil } from '../support/wait-until.js';
import type { Traffic } from './traffic.js';

interface Account {
  readonly email: string;
  readonly password: string;
}

/** What a script in the page can read, as one text. */
const READ_ALL = `(async () => {
  const stores = await Promise.all((await indexedDB.databases()).map(({ name }) => name));
  const cached = await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map(({ url }) => url)));
  return JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, stores, cached, document.cookie, history.state, name,
    navigation.entries().map(({ url }) => url), performance.getEntries().map(({ name }) => name),
    [...document.querySelectorAll('input, textarea')].map(({ value }) => value),
    document.documentElement.outerHTML]);
})()`;

/** One person with one browser: uses the pages as people do, and keeps what scripts in them can read. */
export class PersonAtTools {
  /** How often auth asked for the password, and for consent. */
  readonly asked = { password: 0, consent: 0 };

  private constructor(
    readonly page: Page,
    private readonly account: Account,
    private readonly traffic: Traffic,
  ) {}

  static async create(
    context: BrowserContext,
    account: Account,
    traffic: Traffic,
  ): Promise<PersonAtTools> {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('framenavigated', (frame) => traffic.addBrowserText(frame.url()));
    return new PersonAtTools(page, account, traffic);
  }

  button = (name: string | RegExp) => this.page.getByRole('button', { name });

  async waitForTitle(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
    await this.keepReadable();
  }

  async openFromMenu(name: string | RegExp): Promise<void> {
    await this.page.getByRole('banner').getByRole('link', { name }).click();
  }

  /** Opens a tool's sign-in, and answers the pages of auth. */
  async signIn(tool: string, path = '/'): Promise<void> {
    await this.page.goto(`${tool}/sign-in?return_to=${encodeURIComponent(path)}`);
    await this.answerAuth(tool);
  }

  /** Answers the pages of auth until the browser is back at the tool. */
  async answerAuth(tool: string): Promise<void> {
    const { page } = this;
    const isBack = (): boolean =>
      page.url().startsWith(`${tool}/`) && !page.url().includes('/sign-in');
    await page.waitForURL((url) => url.origin !== tool || isBack());
    while (!isBack()) {
      const before = page.url();
      await this.keepReadable();
      await this.answerPage();
      await page.waitForURL((url) => url.href !== before);
    }
  }

  /** Keeps what a script in the page can read now, and the addresses of the tab's history. */
  async keepReadable(): Promise<void> {
    this.traffic.addBrowserText(await this.page.evaluate<string>(READ_ALL));
    const devtools = await this.page.context().newCDPSession(this.page);
    const { entries } = await devtools.send('Page.getNavigationHistory');
    this.traffic.addBrowserText(...entries.map(({ url }) => url));
    await devtools.detach();
  }

  /** @returns milliseconds until the tool says that this browser is signed out */
  async waitUntilSignedOut(tool: string): Promise<number> {
    const since = performance.now();
    await waitUntil(`${tool} is signed out`, async () => {
      const answer = await this.page.request.get(`${tool}/session`, {
        headers: { 'x-requested-by': 'web' },
      });
      const { signedIn }: { readonly signedIn?: boolean } = await answer.json();
      return signedIn === false;
    });
    return Math.round(performance.now() - since);
  }

  private async answerPage(): Promise<void> {
    const { page } = this;
    if (await page.locator('#consent-allow').isVisible()) {
      this.asked.consent += 1;
      return page.locator('#consent-allow').click();
    }
    this.asked.password += 1;
    if (await page.locator('#login').isEditable()) {
      await page.locator('#login').fill(this.account.email);
    }
    await page.locator('#password').fill(this.account.password);
    await page.locator('#submit').click();
  }
}
