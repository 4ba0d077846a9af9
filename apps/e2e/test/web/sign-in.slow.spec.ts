import { openDatabase } from '@gatehouse/persistence';
import { AuthGate } from './auth-gate.js';
import { startWebStack, type WebStack } from './web-stack.js';
import { WebUser } from './web-user.js';
import { waitUntil } from '../support/wait-until.js';

const ORDER = { items: [{ sku: 'tea', quantity: 1, unitPriceMinor: 100 }], currency: 'EUR' };

describe('a person in a browser, with the shop and the back office', () => {
  let stack: WebStack;
  let gate: AuthGate;
  let shop: string;
  let backOffice: string;

  beforeAll(async () => {
    let auth = '';
    gate = await AuthGate.start(() => auth);
    const settings = { AUTH_URL: gate.url, LOG_LEVEL: 'debug' };
    stack = await startWebStack(settings, ({ url }) => (auth = url));
    shop = stack.shop[0].url;
    backOffice = stack.backOffice.url;
  });

  const customer = () => createUser('DEMO_EMAIL', 'DEMO_PASSWORD');
  const staff = () => createUser('DEMO_STAFF_EMAIL', 'DEMO_STAFF_PASSWORD');
  function createUser(email: string, password: string): WebUser {
    const { credentials } = stack;
    const person = { email: credentials[email] ?? '', password: credentials[password] ?? '' };
    return new WebUser(stack.auth.url, person);
  }

  it('signs in with one password, returns to the page, and orders through any replica', async () => {
    const user = customer();
    const { pages, location } = await user.signIn(shop, '?return_to=/orders%3Fnew');
    expect(pages).toHaveLength(2);
    expect(location).toBe('/orders?new');
    expect(await user.session(shop)).toEqual({
      tool: 'shop',
      signedIn: true,
      name: 'Demo Person',
      email: stack.credentials['DEMO_EMAIL'],
      scopes: ['orders:read', 'orders:write', 'billing:read', 'billing:pay'],
      isAllowed: true,
      accountUrl: `${stack.auth.url}/account`,
    });
    const placed = await user.send(`${stack.shop[1].url}/api/orders`, {
      method: 'POST',
      json: ORDER,
      headers: { 'idempotency-key': '"one"' },
    });
    expect(placed.status).toBe(201);
    const again = await user.send(`${shop}/api/orders`, {
      method: 'POST',
      json: ORDER,
      headers: { 'idempotency-key': '"one"' },
    });
    expect(again.body['id']).toBe(placed.body['id']);
    const path = `${shop}/api/orders/${placed.body['id']}`;
    const etag = (await user.send(path)).headers.get('etag') ?? '';
    const unchanged = await user.send(path, { headers: { 'if-none-match': etag } });
    expect(unchanged.status).toBe(304);
  });

  it('enters the back office without a password, where a customer is told that it is for staff', async () => {
    const user = customer();
    await user.signIn(shop);
    const { pages } = await user.signIn(backOffice);
    expect(pages).not.toContain('Sign in');
    expect(await user.session(backOffice)).toMatchObject({ signedIn: true, isAllowed: false });
    const refused = await user.send(`${backOffice}/api/totals?month=2026-11`);
    expect([refused.status, refused.body['code']]).toEqual([403, 'not_granted']);
  });

  it('opens the back office for staff', async () => {
    const user = staff();
    await user.signIn(backOffice);
    expect(await user.session(backOffice)).toMatchObject({ isAllowed: true });
    expect((await user.send(`${backOffice}/api/totals?month=2026-11`)).status).toBe(200);
  });

  it('refuses the redirect back of another browser, a replayed one and one with another state', async () => {
    const user = customer();
    const { callback } = await user.signIn(shop);
    const session = await user.session(shop);
    const replayed = await user.send(callback);
    expect(replayed.headers.get('location')).toBe('/?sign_in=expired');
    expect(await user.session(shop)).toEqual(session);

    // An attacker sends the victim a link with the attacker's code (RFC 6819 §4.4.1.8).
    const attacker = customer();
    const begin = await attacker.send(`${shop}/sign-in`);
    const victim = customer();
    await victim.send(`${shop}/sign-in`);
    const { callback: stolen } = await attacker.finishSignIn(shop, begin);
    const answer = await victim.send(stolen);
    expect(answer.headers.get('location')).toBe('/?sign_in=expired');
    expect(await victim.session(shop)).toMatchObject({ signedIn: false });

    // A code of one attempt with the state of another attempt of the same browser.
    const first = await user.send(`${shop}/sign-in`);
    const second = await user.send(`${shop}/sign-in`);
    const state = new URL(second.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const redirect = await user.auth.visit(first.headers.get('location') ?? '');
    const mixed = new URL(redirect.headers.get('location') ?? '');
    mixed.searchParams.set('state', state);
    const failed = await user.send(`${shop}/callback${mixed.search}`);
    expect(failed.headers.get('location')).toBe('/?sign_in=failed');
  });

  it('signs in from several tabs at once, and keeps five attempts at most', async () => {
    const user = customer();
    const begins = [];
    for (let n = 0; n < 7; n += 1) begins.push(await user.send(`${shop}/sign-in?return_to=/${n}`));
    expect([...user.cookies.keys()].filter((name) => name.startsWith('sign-in-'))).toHaveLength(5);
    for (const n of [6, 3]) {
      const begin = begins[n];
      if (!begin) throw new Error('unreachable');
      expect((await user.finishSignIn(shop, begin)).location).toBe(`/${n}`);
    }
  });

  it('gives each sign-in a new cookie, and ends the session before it (session fixation)', async () => {
    const user = customer();
    await user.signIn(shop);
    const planted = new Map(user.cookies);
    await user.signIn(shop);
    const attacker = customer();
    for (const [name, value] of planted) attacker.cookies.set(name, value);
    expect(await attacker.session(shop)).toMatchObject({ signedIn: false });
    expect((await user.send(`${shop}/api/orders`)).status).toBe(200);
  });

  it('demands the password again for a sign-in with max_age (RFC 9470 §4)', async () => {
    const user = staff();
    await user.signIn(backOffice);
    const { pages, location } = await user.signIn(backOffice, '?max_age=0&return_to=/refunds');
    expect(pages).toContain('Sign in');
    expect(location).toBe('/refunds');
    // The login is recent, so billing looks for the invoice, and finds none.
    const path = '/api/invoices/inv_aaaaaaaaaaaaaaaaaaaaaa/refund';
    expect((await user.send(`${backOffice}${path}`, { method: 'POST' })).status).toBe(404);
  });

  it('closes the back office after the role was removed, when the API refuses the token', async () => {
    const user = staff();
    await user.signIn(backOffice);
    await stack.revokeRole(stack.credentials['DEMO_STAFF_EMAIL'] ?? '', 'accounting');
    await waitUntil('the back office refuses', async () => {
      const { status, body } = await user.send(`${backOffice}/api/totals?month=2026-11`);
      return status === 401 && body['code'] === 'sign_in_required';
    });
    expect(await user.session(backOffice)).toMatchObject({ signedIn: false });
  });

  it('keeps the session while auth is down, and tells auth of a sign-out when it is back', async () => {
    const user = customer();
    await user.signIn(shop);
    gate.setDown(true);
    const signIn = await user.send(`${shop}/sign-in`);
    expect(signIn.status).toBe(303);
    expect(await user.session(shop)).toMatchObject({ signedIn: true });
    expect((await user.send(`${shop}/sign-out`, { method: 'POST' })).status).toBe(204);
    expect(await user.session(shop)).toMatchObject({ signedIn: false });
    gate.setDown(false);
    await waitUntil('auth has ended the session of the browser', async () => {
      const next = await user.auth.visit(
        (await user.send(`${shop}/sign-in`)).headers.get('location') ?? '',
      );
      return next.text.includes('type="password"');
    });
  });

  it('ends the session in the back office when the person signs out of the shop (Back-Channel Logout 1.0)', async () => {
    const [user, other] = [customer(), customer()];
    await user.signIn(shop);
    await user.signIn(backOffice);
    await other.signIn(backOffice);
    await user.send(`${shop}/sign-out`, { method: 'POST' });
    await waitUntil('the session in the back office has ended', async () => {
      const { signedIn } = await user.session(backOffice);
      return signedIn === false;
    });
    expect(await other.session(backOffice)).toMatchObject({ signedIn: true });
  });

  it('ends the session in the back office when it comes back after the sign-out', async () => {
    const user = customer();
    await user.signIn(shop);
    await user.signIn(backOffice);
    await stack.backOffice.kill();
    await user.send(`${shop}/sign-out`, { method: 'POST' });
    await waitUntil('auth has tried to reach the back office', () =>
      stack.auth.output.includes('web-back-office does not accept logout tokens'),
    );
    await stack.backOffice.start();
    await waitUntil('the session in the back office has ended', async () => {
      const { signedIn } = await user.session(backOffice);
      return signedIn === false;
    });
  });

  it('logs no error', () => {
    const outputs = [...stack.shop, stack.backOffice].map(({ output }) => output).join('');
    expect(outputs).not.toContain('"level":"error"');
  });

  it('shows no token to the browser, in no log, and in no readable column', async () => {
    const user = customer();
    await user.signIn(shop);
    await user.send(`${shop}/api/orders`);
    const secrets = gate.tokenAnswers.flatMap((text) => {
      const { access_token, refresh_token, id_token }: Record<string, string | undefined> =
        JSON.parse(text);
      return [access_token, refresh_token, id_token].filter((token) => token !== undefined);
    });
    expect(secrets.length).toBeGreaterThan(20);
    const database = await openDatabase({
      name: 'web',
      dataDir: stack.dataDir,
      entities: [],
      migrations: [],
      migrate: false,
    });
    const rows = await database.unitOfWork.query('SELECT * FROM web_session');
    await database.close();
    expect(rows.length).toBeGreaterThan(0);
    const seen = user.answers.map(({ headers, text }) => JSON.stringify([...headers]) + text);
    const places = [
      ...seen,
      ...[...stack.shop, stack.backOffice].map(({ output }) => output),
      JSON.stringify(rows),
    ].join('\n');
    const signatures = secrets.map((token) => token.split('.').at(-1) ?? token);
    expect(signatures.filter((signature) => places.includes(signature))).toEqual([]);
    expect(places).not.toMatch(/eyJ[\w-]+\.eyJ/);
    const [, cookie = ''] = [...user.cookies].find(([name]) => name.startsWith('session-')) ?? [];
    expect(cookie).toHaveLength(43);
    expect(
      JSON.stringify(rows) + [...stack.shop].map(({ output }) => output).join(''),
    ).not.toContain(cookie);
  });
});
