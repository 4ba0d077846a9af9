import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { type Stack, startStack } from '../support/stack.js';
import { aPerson, register, registerAndLogIn } from '../support/auth-api.js';
import { type AppName, ROOT } from '../support/workspace.js';

const executablePath = findChromium();
const OUTPUT = join(ROOT, 'apps/e2e/output');
const SKIPPED =
  'SKIPPED: no Chromium was found, so /docs was not tested; CHROMIUM_PATH may name one';

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('the page at /docs, in Chromium', () => {
    let browser: Browser;
    let stack: Stack;

    beforeAll(async () => {
      [browser, stack] = await Promise.all([
        startBrowser(executablePath),
        startStack({ SEED_DEMO: 'true', DOCS_CLIENT_ID: 'demo-docs' }),
      ]);
    });

    it.each<AppName>(['auth', 'orders', 'billing'])(
      'of %s opens without an error, and keeps to its content security policy',
      async (name) => {
        const { page, faults } = await newPage(browser);
        await page.goto(`${stack[name].url}/docs`);
        await page.locator('.opblock').first().waitFor();
        await page.screenshot({ path: join(OUTPUT, `docs-${name}.png`) });
        expect(faults).toEqual([]);
      },
    );

    it('lets a user log in to orders with the Authorize button', async () => {
      const url = stack.orders.url.replace('localhost', '127.0.0.1');
      const person = aPerson();
      await register(stack.auth.url, person);
      const { page, faults } = await newPage(browser);
      await page.goto(`${url}/docs`);
      await page.getByRole('button', { name: 'Authorize' }).first().click();
      const dialog = page.locator('.dialog-ux');
      const login = dialog.locator('.auth-container').first();
      expect(await login.innerText()).toContain('authorizationCode');
      for (const scope of await login.locator('.scopes label').all()) await scope.click();
      const opened = page.waitForEvent('popup');
      await login.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click();
      const popup = await opened;
      await popup.locator('#login').fill(person.email);
      await popup.locator('#password').fill(person.password);
      await popup.locator('#submit').click();
      await popup.locator('#consent-allow').click();
      await login.getByRole('button', { name: 'Remove authorization' }).waitFor();
      await page.screenshot({ path: join(OUTPUT, 'docs-orders-login.png') });
      await dialog.getByRole('button', { name: 'Close' }).last().click();

      const answer = await findListedOrders(page);
      expect(await answer.locator('.response-col_status').innerText()).toMatch(/^200/);
      expect(faults).toEqual([]);
    });

    it('lists the orders of the user whose access token is entered', async () => {
      const { accessToken } = await registerAndLogIn(stack.auth.url);
      const { page, faults } = await newPage(browser);
      await page.goto(`${stack.orders.url}/docs`);
      await authorize(page, accessToken);

      const answer = await findListedOrders(page);
      expect(await answer.locator('.response-col_status').innerText()).toMatch(/^200/);
      expect(await answer.locator('.response-col_description').innerText()).toContain(
        '"orders": []',
      );
      await page.screenshot({ path: join(OUTPUT, 'docs-orders-answer.png') });
      expect(faults).toEqual([]);
    });
  });
}

/** What the service answers to the page. */
async function findListedOrders(page: Page): Promise<Locator> {
  const list = page.locator('.opblock-get').filter({ hasText: 'Lists your orders' });
  await list.locator('.opblock-summary').click();
  await list.getByRole('button', { name: 'Execute' }).click();
  const answer = list.locator('.live-responses-table .response').first();
  await answer.waitFor();
  return answer;
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.dialog-ux');
  const container = dialog.locator('.auth-container').filter({ hasText: 'access-token' });
  await container.locator('input').fill(token);
  await container.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
}
