import { join } from 'node:path';
import { openDatabase } from '@gatehouse/persistence';
import type { Browser, Page } from 'playwright-core';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { checkAppearance } from '../support/page-appearance.js';
import { ROOT } from '../support/workspace.js';
import { startWebStack, type WebStack } from './web-stack.js';

const executablePath = findChromium();
const SKIPPED = 'SKIPPED: no Chromium was found, so the pages of apps/web were not tested';

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  let browser: Browser;
  let stack: WebStack;
  let shop: string;
  let office: string;
  beforeAll(async () => {
    [browser, stack] = await Promise.all([
      startBrowser(executablePath),
      startWebStack({ DEMO_ACTIVITY: 'true' }),
    ]);
    [shop, office] = [stack.shop[0].url, stack.backOffice.url];
  });

  const account = (kind: 'DEMO' | 'DEMO_STAFF') => ({
    email: stack.credentials[`${kind}_EMAIL`] ?? '',
    password: stack.credentials[`${kind}_PASSWORD`] ?? '',
  });

  /** Fills in the pages of auth that come before the tool. */
  async function signIn(page: Page, kind: 'DEMO' | 'DEMO_STAFF'): Promise<void> {
    const { email, password } = account(kind);
    if (await page.locator('#login').isEditable()) await page.locator('#login').fill(email);
    await page.locator('#password').fill(password);
    await page.locator('#submit').click();
    await page.waitForURL((url) => !url.pathname.startsWith('/login'));
    if (page.url().includes('/consent')) await page.locator('#consent-allow').click();
    await page.waitForURL((url) => url.origin === shop || url.origin === office);
  }

  const title = (page: Page) => page.getByRole('heading', { level: 1 });
  const waitForTitle = (page: Page, name: string) =>
    page.getByRole('heading', { level: 1, name }).waitFor();
  const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
  const openFromMenu = (page: Page, name: string | RegExp) =>
    page.getByRole('banner').getByRole('link', { name }).click();
  const readFocus = (page: Page) => page.evaluate('document.activeElement.textContent');
  /** Chromium reports each answer of 400 or more, and each request that ends with its page. */
  const withoutRequests = (faults: string[]) =>
    faults.splice(0).filter((fault) => !/Failed to load resource|\/api\/.* failed$/.test(fault));

  async function setLoginBack(seconds: number): Promise<void> {
    const { dataDir } = stack;
    const settings = { name: 'auth', entities: [], migrations: [], migrate: false };
    const { unitOfWork, close } = await openDatabase({ ...settings, dataDir });
    await unitOfWork.execute(
      'UPDATE browser_session SET authenticated_at = authenticated_at - $1',
      [seconds * 1000],
    );
    await close();
  }

  describe('a customer in the shop', () => {
    let page: Page;
    let faults: string[];
    beforeAll(async () => {
      ({ page, faults } = await newPage(browser));
    });
    afterEach(() => {
      expect(withoutRequests(faults)).toEqual([]);
    });

    it('fills the basket with the keyboard before the sign-in', async () => {
      await page.goto(shop);
      await waitForTitle(page, 'Tea and what goes with it');
      await button(page, 'Add to basket: Teapot').focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.getByText('Cup is in your basket: 1.').waitFor();
      expect(await checkAppearance(page, 'web-products')).toEqual([]);
    });

    it('keeps the basket through a reload and the sign-in', async () => {
      await openFromMenu(page, 'Basket (2)');
      await page.reload();
      await button(page, 'One more Cup').click();
      expect(await checkAppearance(page, 'web-basket')).toEqual([]);
      await page.getByRole('main').getByRole('link', { name: 'Sign in to order' }).click();
      await signIn(page, 'DEMO');

      expect(page.url()).toBe(`${shop}/basket`);
      await page.getByRole('cell', { name: '€64.00' }).waitFor();
    });

    it('places one order for a double click, and shows its invoice when billing has written it', async () => {
      await button(page, 'Place the order').dblclick();
      await page.waitForURL(`${shop}/orders/ord_*`);
      await page.getByText('Thank you. Your order is placed.').waitFor();
      expect(await readFocus(page)).toBe('Order');
      await button(page, 'Pay €64.00').waitFor();
      expect(await checkAppearance(page, 'web-order')).toEqual([]);

      await openFromMenu(page, 'My orders');
      await page.getByRole('main').getByRole('listitem').first().waitFor();
      expect(await page.getByRole('main').getByRole('listitem').count()).toBe(1);
      expect(await checkAppearance(page, 'web-orders')).toEqual([]);
    });

    it('sends an order again with its key after a reload when the answer was lost', async () => {
      await openFromMenu(page, 'Products');
      await button(page, 'Add to basket: Honey').click();
      await openFromMenu(page, 'Basket (1)');
      const keys: (string | undefined)[] = [];
      page.on('request', (request) => {
        if (request.method() === 'POST') keys.push(request.headers()['idempotency-key']);
      });
      await page.route(
        '**/api/orders',
        async (route) => {
          await route.fetch();
          await route.abort();
        },
        { times: 1 },
      );
      await button(page, 'Place the order').click();
      await page.getByText('Your order was sent, but no answer has arrived.').waitFor();
      await page.reload();
      await page.waitForURL(`${shop}/orders/ord_*`);

      await openFromMenu(page, 'My orders');
      await page.getByRole('main').getByRole('listitem').nth(1).waitFor();
      expect(await page.getByRole('main').getByRole('listitem').count()).toBe(2);
      expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    });

    it('goes back and forward with the buttons of the browser, with the focus at the title', async () => {
      await page.goBack();
      await waitForTitle(page, 'Order');
      await page.goForward();
      await waitForTitle(page, 'My orders');
      expect(await readFocus(page)).toBe('My orders');
    });

    it('reads in words that a card is declined, and pays with another', async () => {
      await page.getByRole('main').getByRole('link').nth(1).click();
      await page.getByLabel('Pay with').selectOption({ label: 'Test card that is declined' });
      await button(page, 'Pay €64.00').click();
      expect(await page.getByRole('alert').innerText()).toBe(
        'The payment was declined. Choose another card.',
      );
      await page.getByLabel('Pay with').selectOption({ label: 'Test card' });
      await button(page, 'Pay €64.00').click();
      await button(page, 'Ask for a refund').waitFor();
      expect(await checkAppearance(page, 'web-order-paid')).toEqual([]);
    });

    it('opens what just happened beside the page, as the pictures of the README show it', async () => {
      await button(page, 'What just happened').click();
      await page.getByRole('complementary').getByText('billing').first().waitFor();
      await page.setViewportSize({ width: 1280, height: 800 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        // A change of docs/images/shop-*.png is a copy of these files.
        const picture = await page.screenshot({
          path: join(ROOT, `apps/e2e/output/shop-${colorScheme}.png`),
        });
        expect(picture.length).toBeLessThan(200_000);
      }
      await page.keyboard.press('Escape');
    });

    it('asks for a refund after a question', async () => {
      await button(page, 'Ask for a refund').click();
      expect(await readFocus(page)).toBe('Yes, ask for a refund');
      await page.keyboard.press('Enter');
      await page.getByText('You asked for a refund. Our staff will return your payment.').waitFor();
    });

    it('enters the back office without a password, which is for staff only', async () => {
      await page.goto(office);
      await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
      await page.waitForURL(/consent|\/$/);
      if (page.url().includes('/consent')) await page.locator('#consent-allow').click();
      await waitForTitle(page, 'For staff only');
      expect(await checkAppearance(page, 'web-staff-only')).toEqual([]);
    });

    it('signs out of both tools, and the tab keeps nothing', async () => {
      await page.goto(shop);
      await button(page, 'Sign out').click();
      await waitForTitle(page, 'You are signed out');
      expect(await page.evaluate('sessionStorage.length + localStorage.length')).toBe(0);
      expect(await checkAppearance(page, 'web-signed-out')).toEqual([]);
    });

    it('reads German texts and amounts in a German browser', async () => {
      const context = await browser.newContext({ locale: 'de-AT' });
      const german = await context.newPage();
      await german.goto(shop);
      await waitForTitle(german, 'Tee und was dazugehört');
      expect(await german.getByRole('main').innerText()).toMatch(/€\s39,00/);
      expect(await german.evaluate('document.documentElement.lang')).toBe('de');
      await context.close();
    });
  });

  describe('staff in the back office', () => {
    let page: Page;
    let faults: string[];
    beforeAll(async () => {
      ({ page, faults } = await newPage(browser));
    });
    afterEach(() => {
      expect(withoutRequests(faults)).toEqual([]);
    });

    it('lists the orders of all customers by state', async () => {
      await page.goto(`${office}/?state=cancelled`);
      await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
      await signIn(page, 'DEMO_STAFF');
      await waitForTitle(page, 'All orders');
      await page.getByRole('listitem').filter({ hasText: 'Teapot' }).waitFor();
      expect(await page.getByRole('listitem').count()).toBe(1);
      expect(await checkAppearance(page, 'web-all-orders')).toEqual([]);
    });

    it('refunds once after a new sign-in, by the request that began before it (RFC 9470)', async () => {
      // Staff signed in ten minutes ago, and open the back office only now.
      await setLoginBack(600);
      await page.goto(`${office}/sign-in?return_to=/?state=cancelled`);
      await page
        .getByRole('main')
        .getByRole('link', { name: /Teapot/ })
        .click();
      const refunds: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/refund'))
          refunds.push(request.headers()['idempotency-key'] ?? '');
      });
      await button(page, 'Refund the payment').click();
      await button(page, 'Yes, refund it').click();
      await page.waitForURL(`${stack.auth.url}/login**`);
      await signIn(page, 'DEMO_STAFF');
      await page.getByText('The payment is refunded.').waitFor();
      await page.getByText('Refunded', { exact: true }).first().waitFor();

      expect([refunds.length, new Set(refunds).size]).toEqual([2, 1]);
      expect(page.url()).toMatch(/\/orders\/ord_[\w-]{22}$/);
      expect(await checkAppearance(page, 'web-refunded')).toEqual([]);
      await page.reload();
      await waitForTitle(page, 'Order');
      expect(refunds.length).toBe(2);
    });

    it('sums the invoices of a month', async () => {
      await openFromMenu(page, 'Totals');
      await page.getByText('€64.00').first().waitFor();
      expect(await page.getByRole('region', { name: 'EUR' }).innerText()).toMatch(
        /Invoices\s+2[^]*Issued\s+€71.20[^]*Refunded\s+€64.00/,
      );
      expect(await checkAppearance(page, 'web-totals')).toEqual([]);
    });

    it('learns in words that the session has ended elsewhere', async () => {
      const { cookies, ...state } = await page.context().storageState();
      expect(JSON.stringify(state)).not.toMatch(/eyJ/);
      const other = await browser.newContext({ storageState: { cookies, ...state } });
      const second = await other.newPage();
      await second.goto(office);
      await button(second, 'Sign out').click();
      await waitForTitle(second, 'You are signed out');
      await other.close();

      await openFromMenu(page, 'Orders');
      await page.getByText(/^Your session has ended/).waitFor();
      expect(await title(page).innerText()).toBe('You are signed out');
    });
  });
}
