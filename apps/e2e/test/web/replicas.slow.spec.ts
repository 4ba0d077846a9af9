import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { readFamilies, readRotations } from '../support/auth-database.js';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { waitUntil } from '../support/wait-until.js';
import { AuthGate } from './auth-gate.js';
import { startWebStack, type WebStack } from './web-stack.js';
import { WebUser } from './web-user.js';

/** Seconds. A token is replaced after two thirds of its life. */
const TOKEN_LIFETIME = 6;

describe('two replicas of the shop on one PostgreSQL, with tokens of six seconds', () => {
  let postgres: PostgresServer;
  let stack: WebStack;
  let gate: AuthGate;
  let databaseUrl: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    cleanUpAfterTests(() => postgres.stop());
    databaseUrl = await postgres.createDatabase('web');
    let auth = '';
    gate = await AuthGate.start(() => auth);
    const settings = {
      AUTH_URL: gate.url,
      DATABASE_URL: databaseUrl,
      ACCESS_TOKEN_TTL: String(TOKEN_LIFETIME),
    };
    stack = await startWebStack(settings, ({ url }) => (auth = url));
  });

  async function signIn(): Promise<WebUser> {
    const { DEMO_EMAIL: email = '', DEMO_PASSWORD: password = '' } = stack.credentials;
    const user = new WebUser(stack.auth.url, { email, password });
    await user.signIn(stack.shop[0].url);
    return user;
  }

  /** Twenty requests at once, half of them at each replica. */
  const browse = (user: WebUser) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const tab = new WebUser(stack.auth.url, { email: '', password: '' });
        for (const [name, value] of user.cookies) tab.cookies.set(name, value);
        return (await tab.send(`${stack.shop[n % 2 === 0 ? 0 : 1].url}/api/orders`)).status;
      }),
    );
  const expireTokens = () =>
    new Promise((resolve) => setTimeout(resolve, ((TOKEN_LIFETIME * 2) / 3 + 0.2) * 1000));

  it('refreshes once for twenty tabs at both replicas', async () => {
    const user = await signIn();
    const before = gate.refreshes;
    for (let round = 1; round <= 2; round += 1) {
      await expireTokens();
      expect(await browse(user)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(gate.refreshes - before).toBe(round);
    }
    // The two refreshes of the sign-in are for orders and for billing.
    expect(await readRotations({ databaseUrl }, 'web-shop')).toBe(2 + 2);
  });

  it('keeps the session when a replica is killed between the rotation and its note of it', async () => {
    const user = await signIn();
    await expireTokens();
    gate.hold();
    const lost = user.send(`${stack.shop[1].url}/api/orders`).catch(() => undefined);
    await waitUntil('auth has rotated', () => gate.heldAnswers === 1);
    await stack.shop[1].kill();
    await lost;
    gate.release();
    // The other replica waits for the claim, and gets the same successor within the grace window.
    expect((await user.send(`${stack.shop[0].url}/api/orders`)).status).toBe(200);
    await stack.shop[1].start();
    await expireTokens();
    expect(new Set(await browse(user))).toEqual(new Set([200]));
    const ended = (await readFamilies({ databaseUrl })).filter(({ endReason }) => endReason);
    expect(ended).toEqual([]);
  });

  it('ends the session at both replicas on a sign-out, also while a refresh is in flight', async () => {
    const user = await signIn();
    const cookies = new Map(user.cookies);
    await expireTokens();
    gate.hold();
    const inFlight = user.send(`${stack.shop[0].url}/api/orders`);
    await waitUntil('auth has rotated', () => gate.heldAnswers === 1);
    const tab = new WebUser(stack.auth.url, { email: '', password: '' });
    for (const [name, value] of cookies) tab.cookies.set(name, value);
    const signOut = tab.send(`${stack.shop[1].url}/sign-out`, { method: 'POST' });
    gate.release();
    expect((await inFlight).status).toBe(200);
    expect((await signOut).status).toBe(204);
    for (const { url } of stack.shop) {
      for (const [name, value] of cookies) tab.cookies.set(name, value);
      expect(await tab.session(url)).toMatchObject({ signedIn: false });
    }
    await waitUntil('auth has ended the session', async () => {
      const families = await readFamilies({ databaseUrl });
      return families.some(({ endReason }) => endReason === 'ended_by_owner');
    });
    const reasons = (await readFamilies({ databaseUrl })).map(({ endReason }) => endReason);
    expect(reasons).not.toContain('reuse');
  });

  it('logs no error', () => {
    const outputs = stack.shop.map(({ output }) => output).join('');
    expect(outputs).not.toContain('"level":"error"');
  });
});
