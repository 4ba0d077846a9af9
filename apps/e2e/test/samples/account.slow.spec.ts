import type { Page } from 'playwright-core';
import { aPerson, login, parseTokenPair, register, RESOURCES } from '../support/auth-api.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { send } from '../support/http.js';
import { checkAppearance } from '../support/page-appearance.js';
import { type Stack, startStack } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

const executablePath = findChromium();
const SKIPPED =
  'SKIPPED: no Chromium was found, so the forms of the account were not tested; CHROMIUM_PATH may name one';

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('a user in Chromium who changes and deletes the account', () => {
    let stack: Stack;
    let page: Page;
    let faults: string[];
    const person = aPerson();
    const newEmail = `new-${person.email}`;

    beforeAll(async () => {
      const [browser, started] = await Promise.all([
        startBrowser(executablePath),
        startStack({ DEV_MAILBOX: 'true' }),
      ]);
      stack = started;
      ({ page, faults } = await newPage(browser));
      await register(stack.auth.url, person);
    });
    afterEach(() => {
      // Chromium reports each page that came with a status of 400.
      expect(faults.splice(0).filter((fault) => !/status of 400/.test(fault))).toEqual([]);
    });

    const readCode = () =>
      waitUntil('the mail with the code', async () => {
        const { text } = await send(`${stack.auth.url}/dev/mailbox`);
        const [, mail = ''] = text.split('Confirm your new e-mail address');
        return /^ *(\d{4} \d{4})$/m.exec(mail)?.[1];
      });

    it('opens the form for the address after the login, and names the wrong password', async () => {
      await page.goto(`${stack.auth.url}/account/email`);
      await page.locator('#login').fill(person.email);
      await page.locator('#password').fill(person.password);
      await page.locator('#submit').click();
      await page.waitForURL(`${stack.auth.url}/account/email`);
      expect(await checkAppearance(page, 'account-email')).toEqual([]);
      await page.locator('#new_email').fill(newEmail);
      await page.locator('#current_password').fill('not the password');
      await page.keyboard.press('Enter');
      expect(await page.getByRole('alert').innerText()).toBe('The current password is wrong.');
      expect(await checkAppearance(page, 'account-email-failed')).toEqual([]);
    });

    it('changes the address by the code in the mailbox', async () => {
      await page.locator('#current_password').fill(person.password);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${stack.auth.url}/verify-email?**`);
      await page.locator('#code').fill(await readCode());
      await page.keyboard.press('Enter');
      await page.waitForURL(`${stack.auth.url}/account?**`);
      expect(await page.getByRole('status').innerText()).toMatch(/e-mail address was changed/);
      expect(await page.locator('main').innerText()).toContain(newEmail);
      expect(await checkAppearance(page, 'account-email-changed')).toEqual([]);
    });

    it('deletes the account, and the orders service refuses its tokens', async () => {
      const { auth, orders } = stack;
      const answer = await login(
        auth.url,
        { ...person, email: newEmail },
        { resource: RESOURCES.orders },
      );
      const { accessToken: token } = parseTokenPair(answer);
      const readOrders = async () => (await send(`${orders.url}/orders`, { token })).status;
      expect(await readOrders()).toBe(200);
      await page.locator('#open-delete').click();
      expect(await checkAppearance(page, 'account-delete')).toEqual([]);
      await page.locator('#current_password').fill(person.password);
      await page.locator('#delete-account').click();
      await page.waitForURL(`${auth.url}/account/deleted`);
      expect(await checkAppearance(page, 'account-deleted')).toEqual([]);
      await waitUntil('orders refuses the token', async () => (await readOrders()) === 401);
      expect((await login(auth.url, { ...person, email: newEmail })).status).toBe(400);
    });
  });
}
