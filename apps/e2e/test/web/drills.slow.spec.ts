import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { freePort } from '@gatehouse/service-kit/testing';
import type { Browser, Locator, Page } from 'playwright-core';
import { createTemporaryFolder } from '../support/cleanup.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { e2eConfig } from '../support/e2e.config.js';
import { checkAppearance } from '../support/page-appearance.js';
import { RunningCommand } from '../support/running-command.js';

const executablePath = findChromium();
const SKIPPED = 'SKIPPED: no Chromium was found, so no drill was run';
const DRILL_TIMEOUT_MS = 60_000;
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

const PORT_VARIABLES = ['AUTH', 'ORDERS', 'BILLING', 'SHOP', 'BACK_OFFICE'].map(
  (name) => `${name}_PORT`,
);

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('the panel of npm start', () => {
    let browser: Browser;
    let stack: RunningCommand;
    let page: Page;
    let faults: string[];
    let ports: Record<string, string>;
    let credentials: NodeJS.Dict<string>;
    let shop: string;
    let auth: string;
    const answers: string[] = [];

    beforeAll(async () => {
      const DATA_DIR = await createTemporaryFolder();
      const entries = PORT_VARIABLES.map(async (name) => [name, String(await freePort())] as const);
      ports = Object.fromEntries(await Promise.all(entries));
      const env = { ...e2eConfig.shell, ...ports, DATA_DIR };
      stack = RunningCommand.shell('node tools/run.mjs start --no-build', env);
      [browser] = await Promise.all([
        startBrowser(executablePath),
        stack.waitForOutput(/Gatehouse is running/),
      ]);
      credentials = parseEnv(await readFile(join(DATA_DIR, 'demo.env'), 'utf8'));
      [shop, auth] = [ports['SHOP_PORT'], ports['AUTH_PORT']].map(
        (port) => `http://localhost:${port}`,
      ) as [string, string];
      ({ page, faults } = await newPage(browser));
      page.on('response', (response) => {
        if (!response.url().startsWith(shop)) return;
        void response.text().then(
          (text) => answers.push(text),
          () => undefined,
        );
      });
    });

    afterEach(() => {
      expect(stack.isOver ? stack.output.slice(-3000) : 'running').toBe('running');
    });

    const button = (name: string) => page.getByRole('button', { name });
    const drillNamed = (name: string) => page.getByRole('region', { name });
    const click = (title: string) =>
      page
        .locator('.activity-clicks > li')
        .filter({ has: page.getByRole('heading', { name: title }) });
    const requests = (of: Locator) => of.locator('summary').allInnerTexts();

    async function signIn(): Promise<void> {
      await page.goto(`${shop}/sign-in?return_to=/`);
      await page.locator('#login').fill(credentials['DEMO_EMAIL'] ?? '');
      await page.locator('#password').fill(credentials['DEMO_PASSWORD'] ?? '');
      await page.locator('#submit').click();
      await page.waitForURL((url) => !url.pathname.startsWith('/login'));
      if (page.url().includes('/consent')) await page.locator('#consent-allow').click();
      await page.waitForURL(`${shop}/`);
      await button('What just happened').waitFor();
    }

    async function run(title: string, name: string, result: string): Promise<Locator> {
      const drill = drillNamed(title);
      await drill.getByRole('button', { name }).click();
      await drill.getByText(result).waitFor({ timeout: DRILL_TIMEOUT_MS });
      return click(`Drill: ${title}`);
    }

    /** From the page, past the buttons, which wait for each other. */
    const postDrill = (name: string) =>
      page.evaluate(
        `fetch('/activity/drills/${name}', { method: 'POST', headers: { 'x-requested-by': 'web' } })
          .then(({ status }) => status)`,
      );

    it('shows the requests behind a click, with the claims of their token', async () => {
      await signIn();
      await page.getByRole('link', { name: 'My orders' }).click();
      await button('What just happened').click();
      expect(await page.evaluate('document.activeElement.textContent')).toBe('What just happened');

      const orders = click('My orders');
      await orders.getByText(`GET localhost:${ports['ORDERS_PORT']}/orders`).click();
      expect(await requests(orders)).toEqual([
        expect.stringMatching(/200\s+GET localhost:\d+\/orders/),
      ]);
      const claims: unknown = JSON.parse(await orders.locator('pre').innerText());
      expect(claims).toMatchObject({
        iss: auth,
        aud: `http://localhost:${ports['ORDERS_PORT']}`,
        client_id: 'web-shop',
        scope: 'orders:read orders:write',
      });
      await page.getByText(/^expires in [45]:\d\d$/).waitFor();
    });

    it('can be read and used on a phone, in both colour schemes, by everyone', async () => {
      expect(await checkAppearance(page, 'activity')).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 1000 });
    });

    it('closes with the keyboard and gives the focus back', async () => {
      await page.keyboard.press('Escape');
      expect(await page.getByRole('complementary').count()).toBe(0);
      await page.keyboard.press('Enter');
      await page.getByRole('complementary').waitFor();
    });

    it('sends the orders token to billing, which refuses it (RFC 9068 §4)', async () => {
      const steps = await run(
        'Send the orders token to billing',
        'Send it',
        'Billing refused the token of orders.',
      );
      expect((await requests(steps)).at(-1)).toMatch(/401\s+GET localhost:\d+\/invoices/);
      await steps.locator('summary').last().click();
      await steps.getByText(/^invalid_token/).waitFor();
      await steps.locator('summary').first().click();
      await steps.getByText(/^Auth exchanged the refresh token for generation \d+ /).waitFor();
      await page.getByText(/^Generation \d+ of the refresh token\./).waitFor();
    });

    it('stops auth for 20 seconds, and orders go on', async () => {
      const title = 'Stop auth for 20 seconds';
      await run(title, 'Stop it', 'Auth is stopped.');
      await expect(fetch(`${auth}/health/live`)).rejects.toThrow();
      expect(await postDrill('replay')).toBe(409);
      await page.getByRole('link', { name: 'Products' }).click();
      await page.getByRole('link', { name: 'My orders' }).click();
      await page.getByText('You have not ordered anything yet.').waitFor();
      await drillNamed(title).getByText('Auth is back.').waitFor({ timeout: DRILL_TIMEOUT_MS });

      expect(await requests(click(`Drill: ${title}`))).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/no answer\s+GET localhost:\d+\/health\/ready/),
        ]),
      );
      expect(stack.output).toContain('A drill stops auth for 20 seconds.');
      expect(stack.output).not.toContain('exited unexpectedly');
    });

    it('rotates the signing keys, and the API accepts the tokens of both keys', async () => {
      const steps = await run('Rotate the signing keys', 'Rotate', 'nothing happened');
      const used = steps.getByText(`GET localhost:${ports['ORDERS_PORT']}/orders`);
      for (const summary of await used.all()) await summary.click();
      const keys = await steps
        .getByText('Signing key', { exact: true })
        .locator('..')
        .locator('dd')
        .allInnerTexts();
      expect(new Set(keys).size).toBe(2);
    });

    it('replays an old refresh token: auth ends the session and tells the owner (RFC 9700 §4.14.2)', async () => {
      const title = 'Replay an old refresh token';
      const steps = await run(title, 'Replay it', 'Auth refused the old refresh token');
      expect((await requests(steps)).map((text) => text.split(/\s/)[0])).toEqual([
        '200',
        '200',
        '400',
      ]);

      const opened = page.waitForEvent('popup');
      await drillNamed(title).getByRole('link', { name: 'Open the mailbox' }).click();
      const mailbox = await opened;
      // Auth sends mails in the background.
      while (!(await mailbox.getByText('We ended one of your sessions').count()))
        await mailbox.reload();
      await mailbox.close();
    });

    it('ends the session from another device, and shows when the API refuses the token', async () => {
      await page.context().clearCookies();
      await signIn();
      const steps = await run(
        'End this session from another device',
        'End it',
        'The API refuses the token now.',
      );
      const sent = await requests(steps);
      expect(sent.find((text) => text.includes('DELETE'))).toMatch(/204/);
      expect(sent.at(-1)).toMatch(/401/);
      expect(await page.getByText(/s since auth ended the session/).innerText()).toMatch(
        /^\d+\.\d s/,
      );

      await page.getByRole('link', { name: 'Products' }).click();
      await page.getByRole('link', { name: 'My orders' }).click();
      await page.getByRole('main').getByRole('link', { name: 'Sign in' }).waitFor();
    });

    it('gives the browser no token in any answer', () => {
      expect(answers.filter((text) => text.includes('client_id')).length).toBeGreaterThan(0);
      expect(answers.filter((text) => JWT.test(text))).toEqual([]);
    });

    it('breaks no content security policy', () => {
      expect(
        faults.filter((fault) => !/status of 40[019]|\/activity.* failed$/.test(fault)),
      ).toEqual([]);
    });
  });
}
