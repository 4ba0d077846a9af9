import { decodeJwt } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { RESOURCES } from '../support/auth-api.js';
import { readFamilies } from '../support/auth-database.js';
import { findChromium, startBrowser } from '../support/chromium.js';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { runOps } from '../support/run-ops.js';
import { waitUntil } from '../support/wait-until.js';
import { PersonAtTools } from './person-at-tools.js';
import { browseInTabs, openTabs } from './tabs-under-load.js';
import { Traffic } from './traffic.js';
import { deployWeb, readRows, updateAuth, type WebDeployment } from './web-deployment.js';

const executablePath = findChromium();
const SKIPPED = 'SKIPPED: no Chromium was found, so the deployment of apps/web was not tested';

const TABS = 20;
const TOKEN_LIFETIME = 5;
/** Seconds. A tool replaces a token after two thirds of its life. */
const REFRESH_EVERY = (TOKEN_LIFETIME * 2) / 3;
const JWT = /eyJ[\w-]+\.eyJ[\w-]+/;
const SOAK_SECONDS = e2eConfig.soakMinutes * 60;

/** What a script that an attacker injected can send: the requests of the page. */
const INJECTED = `(async () => {
  const tell = async (path, init) => {
    const answer = await fetch(path, { headers: { 'x-requested-by': 'web' }, ...init });
    return { status: answer.status, text: JSON.stringify([...answer.headers]) + await answer.text() };
  };
  const [orders, session, activity] =
    await Promise.all(['/api/orders', '/session', '/activity'].map((path) => tell(path)));
  const other = await tell('/api/accounts');
  const away = await fetch('AUTH/oauth/token', { method: 'POST', mode: 'no-cors', credentials: 'include' })
    .then(() => 'sent', () => 'blocked');
  return { orders, session, activity, other, away, cookie: document.cookie };
})()`;

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('one browser, and two replicas each of the shop, the back office, auth and orders on one PostgreSQL', () => {
    const traffic = new Traffic();
    const figures: string[] = [];
    let browser: Browser;
    let deployment: WebDeployment;
    let staff: PersonAtTools;
    let shop: string;
    let office: string;

    beforeAll(async () => {
      [browser, deployment] = await Promise.all([startBrowser(executablePath), deployWeb(traffic)]);
      ({ shop, office } = deployment);
      staff = await openBrowser('DEMO_STAFF');
    }, 120_000);

    afterAll(() => {
      process.stdout.write(figures.map((line) => `  ${line}\n`).join(''));
    });

    async function openBrowser(kind: 'DEMO' | 'DEMO_STAFF'): Promise<PersonAtTools> {
      const { [`${kind}_EMAIL`]: email = '', [`${kind}_PASSWORD`]: password = '' } =
        deployment.credentials;
      return PersonAtTools.create(await browser.newContext(), { email, password }, traffic);
    }

    const listRefunds = () =>
      traffic.browserRequests.filter(({ line }) => line.endsWith('/refund'));

    it('lets staff sign in to the shop with password and consent, order, pay and ask for a refund', async () => {
      await staff.page.goto(shop);
      await staff.button('Add to basket: Teapot').click();
      await staff.signIn(shop, '/basket');
      await staff.button('Place the order').click();
      await staff.button(/^Pay €/).click();
      await staff.button('Ask for a refund').click();
      await staff.button('Yes, ask for a refund').click();
      await staff.page.getByText('You asked for a refund.').waitFor();
      await staff.button('What just happened').click();
      await staff.page.getByRole('complementary').getByText('billing').first().waitFor();
      await staff.keepReadable();
      expect(staff.asked).toEqual({ password: 1, consent: 1 });
    });

    it('opens the back office for the same browser without a password', async () => {
      // The login was ten minutes ago.
      await readRows(
        deployment,
        'auth',
        'UPDATE browser_session SET authenticated_at = authenticated_at - 600000',
      );
      await staff.signIn(office);
      await staff.waitForTitle('All orders');
      expect(staff.asked.password).toBe(1);
    });

    it('refunds once, by the request that began before the new sign-in (RFC 9470)', async () => {
      await staff.page
        .getByRole('main')
        .getByRole('link', { name: /Teapot/ })
        .click();
      await staff.button('Refund the payment').click();
      await staff.button('Yes, refund it').click();
      await staff.page.waitForURL(`${deployment.issuer}/**`);
      await staff.answerAuth(office);
      await staff.page.getByText('The payment is refunded.').waitFor();
      await staff.waitForTitle('Order');
      expect(staff.asked.password).toBe(2);
      const keys = listRefunds().map(({ key }) => key);
      expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
      const refunds = "SELECT id FROM payment WHERE movement = 'refund'";
      expect(await readRows(deployment, 'billing', refunds)).toHaveLength(1);
    });

    it('answers an injected script as it answers the page, and gives it no token (RFC 10017 §5.1.4)', async () => {
      await staff.page.goto(`${shop}/orders`);
      await staff.waitForTitle('My orders');
      const script = INJECTED.replace('AUTH', deployment.issuer);
      const found =
        await staff.page.evaluate<Record<string, { status: number; text: string }>>(script);
      expect(found).toMatchObject({
        orders: { status: 200 },
        session: { status: 200 },
        activity: { status: 200 },
        other: { status: 404 },
        away: 'blocked',
        cookie: '',
      });
      const text = JSON.stringify(found);
      expect(text).toContain('teapot');
      expect(traffic.findTokens([text])).toEqual([]);
    });

    it('ends the back office and the access tokens of both tools when the user signs out of the shop', async () => {
      const calls = listCalls();
      expect(await listAccepted(calls)).toEqual(calls);
      await staff.button('Sign out').click();
      const since = performance.now();
      await staff.waitUntilSignedOut(office);
      note('sign-out in the shop ended the back office', since);
      await waitUntil('all replicas refuse', async () => (await listAccepted(calls)).length === 0);
      note('every replica of the APIs refused the access tokens', since);
      // The tokens had not expired.
      const ends = calls.map(({ expiresAt }) => expiresAt);
      expect(Math.min(...ends)).toBeGreaterThan(Date.now());
    });

    it('signs the user out of a back office that was down at the sign-out, when it is back', async () => {
      await staff.signIn(office);
      await staff.signIn(shop, '/orders');
      await staff.waitForTitle('My orders');
      await Promise.all(deployment.offices.map((replica) => replica.stop()));
      await staff.button('Sign out').click();
      await waitUntil('auth has tried to reach the back office', () =>
        deployment.auth.some(({ output }) =>
          output.includes('web-back-office does not accept logout tokens'),
        ),
      );
      await Promise.all(deployment.offices.map((replica) => replica.start()));
      const since = performance.now();
      await staff.waitUntilSignedOut(office);
      note('the back office that was down learned of the sign-out after its start', since);
    });

    it('closes the back office when the role of the user is removed', async () => {
      await staff.signIn(office);
      await staff.waitForTitle('All orders');
      const email = deployment.credentials['DEMO_STAFF_EMAIL'] ?? '';
      const since = performance.now();
      await runOps(deployment.auth[0], ['accounts', 'revoke-role', email, 'support']);
      await waitUntil('the back office refuses', () =>
        staff.page.evaluate<boolean>(
          `fetch('/api/orders?everyone=true', { headers: { 'x-requested-by': 'web' } })
             .then(({ status }) => status === 401)`,
        ),
      );
      note('the back office closed after the command that removes a role began', since);
      await staff.openFromMenu('Totals');
      await staff.waitForTitle('You are signed out');
      await runOps(deployment.auth[0], ['accounts', 'revoke-role', email, 'accounting']);
      await staff.signIn(office);
      await staff.waitForTitle('For staff only');
    });

    it(
      'keeps twenty tabs signed in with tokens of five seconds, and rotates once per expiry',
      async () => {
        await updateAuth(deployment, { ACCESS_TOKEN_TTL: String(TOKEN_LIFETIME) });
        const customer = await openBrowser('DEMO');
        await customer.signIn(shop, '/orders');
        const tabs = await openTabs(customer.page.context(), `${shop}/orders`, TABS);
        const before = traffic.refreshes.length;
        const load = await browseInTabs(tabs, SOAK_SECONDS);
        const refreshes = traffic.refreshes.length - before;
        figures.push(JSON.stringify({ tabs: TABS, ...load, refreshes }));

        expect(load.statuses).toEqual({ 200: load.requests });
        // For orders and for billing.
        expect(refreshes).toBeGreaterThan((2 * load.seconds) / TOKEN_LIFETIME - 2);
        expect(refreshes).toBeLessThanOrEqual(2 * (Math.floor(load.seconds / REFRESH_EVERY) + 1));
        const reopen = async (tab: Page) => {
          await tab.reload();
          await tab.getByRole('heading', { level: 1, name: 'My orders' }).waitFor();
        };
        await Promise.all(tabs.map(reopen));
      },
      SOAK_SECONDS * 1000 + 120_000,
    );

    it('advances each refresh token family by the refreshes that auth answered (RFC 9700 §4.14.2)', async () => {
      const answered: Record<string, number> = {};
      for (const { familyId } of traffic.refreshes)
        answered[familyId] = (answered[familyId] ?? 0) + 1;
      const families = await readFamilies(deployment);
      const generations = families.map(({ generation }) => generation);
      expect(generations).toEqual(families.map(({ id }) => answered[id] ?? 0));
      const successors = traffic.refreshes.map(({ successor }) => successor);
      expect(new Set(successors).size).toBe(successors.length);
      expect(families.map(({ endReason }) => endReason)).not.toContain('reuse');
    });

    it('shows no token in a page, a storage, an address, an answer to the browser or a log (RFC 10017 §6.1.4.2)', () => {
      const logs = deployment.all.map(({ output }) => output);
      // The search finds tokens where they are, and has the texts to search.
      expect(traffic.findTokens(traffic.serverTexts)).toHaveLength(traffic.tokens.size);
      for (const kind of ['access_token', 'refresh_token', 'id_token'] as const)
        expect(traffic.count(kind)).toBeGreaterThan(3);
      const seen = [...traffic.browserTexts].join('\n');
      for (const text of ['Teapot', '/callback?code=', 'HttpOnly', 'sessionStorage'])
        expect(seen).toContain(text);
      for (const log of logs) expect(log).toContain('"level":"debug"');
      figures.push(
        `${traffic.tokens.size} tokens not found in ${traffic.browserTexts.size} texts of the browser ` +
          `(${Math.round(seen.length / 1024)} KiB) and ${logs.length} logs`,
      );
      expect(traffic.findTokens([seen])).toEqual([]);
      expect(traffic.findTokens(logs)).toEqual([]);
      expect(seen).not.toMatch(JWT);
      expect(logs.join('\n')).not.toMatch(JWT);
    });

    function note(what: string, since: number): void {
      figures.push(`${what}: ${Math.round(performance.now() - since)} ms`);
    }

    /** Each user's access token for an API, at each replica of that API. */
    function listCalls() {
      const { orders, billing } = deployment;
      return [...traffic.tokens].flatMap(([token, kind]) => {
        if (kind !== 'access_token') return [];
        const { aud, client_id: client, exp = 0 } = decodeJwt(token);
        if (!String(client).startsWith('web-')) return [];
        const urls =
          aud === RESOURCES.orders
            ? orders.map(({ url }) => `${url}/orders`)
            : aud === RESOURCES.billing
              ? [`${billing.url}/invoices`]
              : [];
        return urls.map((url) => ({ url, token, expiresAt: exp * 1000 }));
      });
    }

    async function listAccepted(calls: ReturnType<typeof listCalls>) {
      const answers = await Promise.all(calls.map(({ url, token }) => send(url, { token })));
      return calls.filter((_, n) => answers[n]?.status !== 401);
    }
  });
}
