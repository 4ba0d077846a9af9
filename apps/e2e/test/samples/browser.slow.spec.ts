import { createServer, type RequestListener } from 'node:http';
import { freePort } from '@gatehouse/service-kit/testing';
import type { Browser, Page } from 'playwright-core';
import { AppProcess } from '../support/app-process.js';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { checkAppearance } from '../support/page-appearance.js';
import { PublicClient } from '../support/public-client.js';
import { RunningCommand } from '../support/running-command.js';
import { aPerson, type Person } from '../support/auth-api.js';

const executablePath = findChromium();
const SKIPPED =
  'SKIPPED: no Chromium was found, so no login was tested; CHROMIUM_PATH may name one';

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('a user in Chromium with two applications', () => {
    let browser: Browser;
    let auth: AppProcess;
    let one: PublicClient;
    let two: PublicClient;
    let page: Page;
    let faults: string[];
    const person = aPerson();

    beforeAll(async () => {
      [browser, auth] = await Promise.all([
        startBrowser(executablePath),
        AppProcess.create('auth', { SEED_DEMO: 'true', DEV_MAILBOX: 'true' }),
      ]);
      await auth.start();
      await registerOwnApplication(auth);
      const issuer = auth.url;
      const scope = 'openid profile email orders:read offline_access';
      one = await PublicClient.start({ issuer, clientId: 'demo-spa', scope });
      two = await PublicClient.start({ issuer, clientId: 'our-own', scope: 'openid email' });
      ({ page, faults } = await newPage(browser));
    });
    // Each step begins where the one before ended. Nothing may go wrong on the way, nor break a content security policy.
    afterEach(() => {
      expect(faults.splice(0)).toEqual([]);
    });

    it('registers an account', async () => {
      await one.press(page, 'sign-in');
      await page.waitForURL(`${auth.url}/login?**`);
      expect(await checkAppearance(page, 'login')).toEqual([]);
      await page.getByRole('link', { name: 'Create an account' }).click();
      expect(await checkAppearance(page, 'register')).toEqual([]);
      await fillIn(page, person);
      await page.waitForURL(`${auth.url}/verify-email?**`);
      expect(await checkAppearance(page, 'verify-email')).toEqual([]);
    });

    it('confirms the e-mail address by the code of the mail', async () => {
      const mailbox = await readMailbox(auth.url, browser, /\d{4} \d{4}/);
      const [, code = ''] = /^ *(\d{4} \d{4})$/m.exec(mailbox) ?? [];
      await page.locator('#code').fill('12 34');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      expect(await checkAppearance(page, 'verify-email-failed')).toEqual([]);
      expect(faults.splice(0)).toEqual([expect.stringMatching(/status of 400/)]);
      await page.locator('#code').fill(code);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${auth.url}/login?**`);
      expect(await page.getByRole('status').innerText()).toMatch(/is confirmed/);
    });

    it('logs in with the keyboard alone', async () => {
      await page.locator('#login').fill(person.email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(person.password);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${auth.url}/consent?**`);
    });

    it('consents, and the application receives tokens', async () => {
      expect(await page.locator('h1').innerText()).toBe('Demo Single-Page App asks for access');
      expect(await checkAppearance(page, 'consent')).toEqual([]);
      await page.locator('#consent-allow').click();
      expect(await one.readCallback(page)).toMatchObject({
        scope: 'openid profile email offline_access orders:read',
        hasRefreshToken: true,
        claims: { iss: auth.url, aud: 'demo-spa', amr: ['pwd'] },
      });
    });

    it('stays logged in at the application after a refresh', async () => {
      expect(await one.pressAndRead(page, 'refresh')).toMatchObject({
        scope: 'openid profile email offline_access',
        hasRefreshToken: true,
      });
      expect(await one.pressAndRead(page, 'userinfo')).toMatchObject({ email: person.email });
    });

    it('enters a first-party application without a prompt (single sign-on)', async () => {
      await two.press(page, 'silent');
      expect(await two.readCallback(page)).toMatchObject({ claims: { aud: 'our-own' } });
    });

    it('gives consent again for a loopback redirect URI (RFC 8252 §8.6)', async () => {
      await one.press(page, 'sign-in');
      await page.waitForURL(`${auth.url}/consent?**`);
      await page.locator('#consent-deny').click();
      expect(await one.readCallback(page)).toEqual({ error: 'access_denied' });
    });

    it('lists the sessions and signs out all other sessions', async () => {
      const other = await newPage(browser);
      await other.page.goto(`${auth.url}/login`);
      await fillIn(other.page, person);
      await other.page.waitForURL(`${auth.url}/account`);

      await page.goto(`${auth.url}/account`);
      expect(await page.locator('.sessions li').count()).toBe(2);
      expect(await page.locator('.sessions').innerText()).toMatch(
        /Applications: (Our Own, Demo Single-Page App|Demo Single-Page App, Our Own)/,
      );
      expect(await checkAppearance(page, 'account')).toEqual([]);
      await page.locator('#end-others').click();
      await page.waitForURL(`${auth.url}/account`);
      expect(await page.locator('.sessions li').count()).toBe(1);
      await other.page.reload();
      expect(other.page.url()).toBe(`${auth.url}/login`);
      expect(other.faults).toEqual([]);
    });

    it('signs out at one application and is signed out at the other', async () => {
      expect(await two.pressAndRead(page, 'userinfo')).toMatchObject({ email: person.email });
      await page.goto(`${auth.url}/oauth/logout`);
      expect(await checkAppearance(page, 'logout')).toEqual([]);
      await one.press(page, 'sign-out');
      await page.waitForURL(`${auth.url}/signed-out`);
      expect(await checkAppearance(page, 'signed-out')).toEqual([]);
      expect(await two.pressAndRead(page, 'userinfo')).toMatchObject({ error: 401 });
      expect(faults.splice(0)).toEqual([expect.stringMatching(/status of 401/)]);
      await two.press(page, 'silent');
      expect(await two.readCallback(page)).toEqual({ error: 'login_required' });
      // That was what offline_access is for: the person is away, and the application goes on.
      expect(await one.pressAndRead(page, 'refresh')).toMatchObject({ hasRefreshToken: true });
    });

    it('reads on an error page what is wrong', async () => {
      await page.goto(`${auth.url}/login`);
      await fillIn(page, { ...person, password: 'not the password' });
      expect(await page.getByRole('alert').innerText()).toMatch(/password is wrong/);
      expect(await checkAppearance(page, 'login-failed')).toEqual([]);
      await page.goto(`${auth.url}/register`);
      await fillIn(page, { ...person, password: 'password' });
      expect(await page.getByRole('alert').innerText()).toMatch(/password is too common/);
      expect(await checkAppearance(page, 'register-failed')).toEqual([]);
      await page.goto(`${auth.url}/oauth/authorize?client_id=unknown`);
      expect(await checkAppearance(page, 'error')).toEqual([]);
      // Chromium reports each page that came with a status of 400.
      expect(faults.splice(0).filter((fault) => !/status of 400/.test(fault))).toEqual([]);
    });

    it('removes the access of an application, whose tokens stop working', async () => {
      await page.goto(`${auth.url}/login`);
      await fillIn(page, person);
      await page.waitForURL(`${auth.url}/account`);
      expect(await page.locator('.applications').innerText()).toMatch(
        /Demo Single-Page App[^]*See your orders/,
      );
      await page.locator('#remove-access-demo-spa').click();
      await page.getByText('No application has access to your account.').waitFor();
      expect(await checkAppearance(page, 'account-without-applications')).toEqual([]);
      expect(await one.pressAndRead(page, 'refresh')).toEqual({ error: 'invalid_grant' });
      expect(faults.splice(0)).toEqual([expect.stringMatching(/status of 400/)]);
    });

    it('reaches a third origin to which an application redirects on (form-action, CSP 3 §6.4.1)', async () => {
      const landing = await serve((_, response) => response.end('the landing page'));
      const callback = await serve((_, response) => {
        response.writeHead(302, { location: `${landing}/app` }).end();
      });
      const redirectUri = `${callback}/callback`;
      const authMethod = 'client_secret_basic';
      await registerClient(auth, { id: 'two-origins', redirectUri, authMethod });
      const query = new URLSearchParams({
        ...{ client_id: 'two-origins', redirect_uri: redirectUri, scope: 'openid' },
        ...{ response_type: 'code', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
      });
      const other = await newPage(browser);
      await other.page.goto(`${auth.url}/oauth/authorize?${query.toString()}`);
      await fillIn(other.page, person);
      await other.page.locator('#consent-allow').click();
      await other.page.waitForURL(`${landing}/app`);
      // The consent exists already, so this time the login form itself leads to the application.
      query.set('prompt', 'login');
      for (const mode of ['query', 'form_post']) {
        query.set('response_mode', mode);
        await other.page.goto(`${auth.url}/oauth/authorize?${query.toString()}`);
        await fillIn(other.page, person);
        await other.page.waitForURL(`${landing}/app`);
      }
      expect(other.faults).toEqual([]);
    });

    it('opens a page at another name of the server and signs in at the address of ISSUER', async () => {
      const { page: own, faults: ownFaults } = await newPage(browser);
      await own.goto(`${auth.url.replace('localhost', '127.0.0.1')}/login`);
      expect(own.url()).toBe(`${auth.url}/login`);
      await fillIn(own, person);
      await own.waitForURL(`${auth.url}/account`);
      expect(ownFaults).toEqual([]);
    });

    it('goes on in a second tab after the login in the first', async () => {
      const context = await browser.newContext();
      const [first, second] = [await context.newPage(), await context.newPage()];
      await first.goto(`${auth.url}/account`);
      await second.goto(`${auth.url}/account`);
      await fillIn(first, person);
      await first.waitForURL(`${auth.url}/account`);
      await fillIn(second, person);
      await second.waitForURL(`${auth.url}/account`);
      await first.reload();
      expect(first.url()).toBe(`${auth.url}/account`);
      await context.close();
    });

    it('changes the password at the well-known address, on a small phone as well', async () => {
      const { page: own, faults: ownFaults } = await newPage(browser);
      await own.goto(`${auth.url}/login`);
      await fillIn(own, person);
      await own.waitForURL(`${auth.url}/account`);
      await own.goto(`${auth.url}/.well-known/change-password`);
      expect(own.url()).toBe(`${auth.url}/account/password`);
      await own.setViewportSize({ width: 320, height: 640 });
      expect(await own.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);

      const change = async (current: string, next: string) => {
        await own.locator('#current_password').fill(current);
        await own.locator('#new_password').fill(next);
        await own.locator('#change-password').click();
      };
      await change('not the password', 'another good password');
      expect(await own.getByRole('alert').innerText()).toBe('The current password is wrong.');
      expect(await checkAppearance(own, 'password-wrong')).toEqual([]);
      await change(person.password, 'password');
      expect(await own.getByRole('alert').innerText()).toMatch(/password is too common/);
      await change(person.password, 'another good password');
      expect(await own.getByRole('status').innerText()).toMatch(/Your password was changed/);
      expect(await checkAppearance(own, 'account-password-changed')).toEqual([]);
      await own.locator('#open-password').click();
      await change('another good password', person.password);
      await own.getByRole('status').waitFor();
      expect(ownFaults.filter((fault) => !/status of 400/.test(fault))).toEqual([]);
    });

    it('chooses a new password by the link in the mailbox', async () => {
      const { page: own, faults: ownFaults } = await newPage(browser);
      await own.goto(`${auth.url}/login`);
      await own.getByRole('link', { name: 'Forgot your password?' }).click();
      expect(await checkAppearance(own, 'forgot-password')).toEqual([]);
      await own.locator('#login').fill(person.email);
      await own.locator('#submit').click();
      await own.getByRole('status').waitFor();
      expect(await checkAppearance(own, 'forgot-password-sent')).toEqual([]);
      await readMailbox(auth.url, browser, /reset-password/);
      await own.goto(`${auth.url}/dev/mailbox`);
      expect(await checkAppearance(own, 'mailbox')).toEqual([]);
      await own.locator('a[href*="/reset-password"]').first().click();
      const link = own.url();
      expect(await checkAppearance(own, 'reset-password')).toEqual([]);
      await own.locator('#password').fill(person.password);
      await own.locator('#submit').click();
      await own.waitForURL(`${auth.url}/login?**`);
      expect(await own.getByRole('status').innerText()).toMatch(/[Pp]assword/);
      await own.goto(link);
      expect(await checkAppearance(own, 'link-not-valid')).toEqual([]);
      expect(ownFaults.splice(0)).toEqual([expect.stringMatching(/status of 400/)]);
    });

    it('shows the error pages without an accessibility fault', async () => {
      const { page: own } = await newPage(browser);
      const addresses = ['/nope', '/login?ticket=x', '/oauth/authorize/continue'];
      for (const [n, address] of addresses.entries()) {
        await own.goto(`${auth.url}${address}`);
        expect(await checkAppearance(own, `error-${n}`)).toEqual([]);
        await own.locator('#way-on').click();
        await own.waitForURL(`${auth.url}/login`);
      }
    });
  });
}

/** Waits for a mail, which a job of the server sends. @returns the text of the mailbox, which a browser of its own shows */
async function readMailbox(auth: string, browser: Browser, mail: RegExp): Promise<string> {
  const { page: tab } = await newPage(browser);
  try {
    for (;;) {
      await tab.goto(`${auth}/dev/mailbox`);
      const text = await tab.locator('main').innerText();
      if (mail.test(text)) return text;
    }
  } finally {
    await tab.close();
  }
}

async function fillIn(page: Page, { email, password }: Person): Promise<void> {
  await page.locator('#login').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('#submit').click();
}

/** By the command that an operator has. */
async function registerOwnApplication(auth: AppProcess): Promise<void> {
  const more = ['--name', 'Our Own', '--first-party'];
  await registerClient(auth, {
    ...{ id: 'our-own', redirectUri: 'http://127.0.0.1/callback', authMethod: 'none', more },
  });
}

interface OperatorsClient {
  readonly id: string;
  readonly redirectUri: string;
  readonly authMethod: 'none' | 'client_secret_basic';
  readonly more?: readonly string[];
}

async function registerClient(
  auth: AppProcess,
  { id, redirectUri, authMethod, more = [] }: OperatorsClient,
): Promise<void> {
  const client = [
    ...['clients', 'create', id, ...more],
    ...['--auth-method', authMethod, '--grant', 'authorization_code refresh_token'],
    ...['--scope', 'openid email', '--redirect-uri', redirectUri],
  ];
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['apps/auth/dist/ops.js', ...client],
    env: auth.environment,
  });
  expect([await command.exit, command.output]).toEqual([0, expect.stringContaining(id)]);
}

/** A site of its own origin. @returns its address */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanUpAfterTests(() => server.close());
  return `http://127.0.0.1:${port}`;
}
