import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { freePort } from '@gatehouse/service-kit/testing';
import type { Page } from 'playwright-core';
import { createTemporaryFolder } from '../support/cleanup.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { RunningCommand } from '../support/running-command.js';
import { type Stack, startStack } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';
import { ROOT } from '../support/workspace.js';

const executablePath = findChromium();
const SKIPPED = 'SKIPPED: no Chromium was found, so the single-page app was not tested';

/** What an injected script can try. */
const EXPORT_KEY = `(async () => {
  const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const keys = (await done(indexedDB.open('orders-app'))).transaction('keys').objectStore('keys');
  const { privateKey } = await done(keys.get('dpop'));
  return crypto.subtle.exportKey('jwk', privateKey).then(JSON.stringify, String);
})()`;

const SOURCES = 'docs/recipes/single-page-app';

/** Serves the page with the command of the recipe. Only the addresses differ. */
async function servePage(address: string, { auth, orders }: Stack): Promise<void> {
  const folder = await createTemporaryFolder();
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const name of await readdir(join(ROOT, SOURCES))) {
    const text = await readFile(join(ROOT, SOURCES, name), 'utf8');
    const moved = text.replaceAll('http://localhost:3000', auth.url);
    await writeFile(join(folder, name), moved.replaceAll('http://localhost:3001', orders.url));
  }
  const recipe = await readFile(join(ROOT, `${SOURCES}.md`), 'utf8');
  const [command = ''] = /^npx esbuild (?:.*\\\n)*.*$/m.exec(recipe) ?? [];
  const [file = '', ...words] = command
    .replaceAll(SOURCES, folder)
    .replace('127.0.0.1:4001', new URL(address).host)
    .split(/[\s\\]+/);
  // esbuild serves until its standard input is closed.
  const server = RunningCommand.start({ file, arguments: words, env: e2eConfig.shell });
  await server.waitForOutput(/> Local:/);
}

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('the page of docs/recipes/single-page-app.md, in Chromium', () => {
    let stack: Stack;
    let page: Page;
    let faults: string[];
    let address: string;

    beforeAll(async () => {
      address = `http://127.0.0.1:${await freePort()}`;
      const settings = { SEED_DEMO: 'true', CORS_ORIGINS: address, ACCESS_TOKEN_TTL: '4' };
      stack = await startStack(settings, { hasOwnAudiences: true });
      await servePage(address, stack);
      ({ page, faults } = await newPage(await startBrowser(executablePath)));
    });
    // The browser reports the answers that ask for a proof with a nonce (RFC 9449 §8).
    afterEach(() => {
      const others = faults.splice(0).filter((text) => !/status of 40[01] /.test(text));
      expect(others).toEqual([]);
    });

    const orders = () => page.getByRole('listitem');
    const tokens = () =>
      page.evaluate<Record<string, string> | null>(`JSON.parse(sessionStorage.getItem('tokens'))`);

    it('signs the user in with consent', async () => {
      const file = await readFile(join(stack.dataDir, 'demo.env'), 'utf8');
      const { DEMO_EMAIL = '', DEMO_PASSWORD = '' } = parseEnv(file);
      await page.goto(address);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('#login').fill(DEMO_EMAIL);
      await page.locator('#password').fill(DEMO_PASSWORD);
      await page.keyboard.press('Enter');
      await page.locator('#consent-allow').click();
      await page.waitForURL((url) => url.origin === address);
      await waitUntil('the page has tokens', async () => (await tokens()) !== null);
      expect(page.url()).toBe(`${address}/`);
    });

    it('places an order, and shows it again after a reload', async () => {
      await page.getByRole('button', { name: 'Order tea' }).click();
      await orders().first().waitFor();
      await page.reload();
      await orders().first().waitFor();
      expect(await orders().allInnerTexts()).toEqual([expect.stringMatching(/^ord_\w+: placed$/)]);
    });

    it('refreshes an expired access token with the key of this browser', async () => {
      const before = await tokens();
      await waitUntil('the token expires', () => Date.now() > Number(before?.['refreshAt']));
      await page.getByRole('button', { name: 'My orders' }).click();
      await waitUntil('the page has another token', async () => {
        return (await tokens())?.['access_token'] !== before?.['access_token'];
      });
      expect(await orders().count()).toBe(1);
    });

    it('keeps its key from scripts, and its tokens are refused without it (RFC 9449)', async () => {
      const { access_token: token = '', refresh_token = '' } = (await tokens()) ?? {};
      const asBearer = await send(`${stack.orders.url}/orders`, { token });
      const headers = { authorization: `DPoP ${token}` };
      const withoutProof = await send(`${stack.orders.url}/orders`, { headers });
      const form = { grant_type: 'refresh_token', client_id: 'demo-spa', refresh_token };
      const refreshed = await send(`${stack.auth.url}/oauth/token`, { form });
      expect([asBearer.status, withoutProof.status, refreshed.status]).toEqual([401, 401, 400]);
      expect(await page.evaluate(EXPORT_KEY)).toMatch(/^InvalidAccessError/);
    });

    it('signs out, and the session at auth ends', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await waitUntil('the page has no token', async () => (await tokens()) === null);
      expect(await orders().count()).toBe(0);
    });
  });
}
