import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'openid-client';
import { AppProcess } from '../support/app-process.js';
import { freePort, TestBrowser } from '@gatehouse/service-kit/testing';
import { send } from '../support/http.js';
import { PartnerBackend, type PendingLogin } from '../support/partner-backend.js';
import { RunningCommand } from '../support/running-command.js';
import { createTemporaryFolder } from '../support/cleanup.js';
import { aPerson, login, parseTokenPair, type Person, register } from '../support/auth-api.js';
import { ROOT } from '../support/workspace.js';

const CALLBACK = 'https://partner.example/callback';
const SCOPE = 'offline_access orders:read';

describe('a partner’s backend (docs/recipes/partner-api.md)', () => {
  let auth: AppProcess;
  let orders: AppProcess;
  let settings: Record<string, string>;
  let backend: PartnerBackend;
  let thief: PartnerBackend;
  let customer: Person;
  let orderId: unknown;

  beforeAll(async () => {
    const [port, ordersPort] = [String(await freePort()), String(await freePort())];
    const resource = `http://localhost:${ordersPort}`;
    settings = {
      DATA_DIR: await createTemporaryFolder(),
      PORT: port,
      ISSUER: `http://localhost:${port}`,
      RESOURCE_SERVERS: `${resource} orders:read orders:write`,
      FIRST_PARTY_SCOPE: 'orders:read orders:write',
    };
    auth = await AppProcess.create('auth', settings);
    orders = await AppProcess.create('orders', {
      PORT: ordersPort,
      AUDIENCE: resource,
      AUTH_ISSUER: auth.url,
    });
    await Promise.all([auth.start(), orders.start()]);
    [backend, thief] = [
      await registeredPartner('partner-shop'),
      await registeredPartner('another-partner'),
    ];
    customer = aPerson();
    await register(auth.url, customer);
    const { accessToken: token } = parseTokenPair(await login(auth.url, customer));
    const items = [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }];
    const order = { items, currency: 'EUR' };
    orderId = (await send(`${orders.url}/orders`, { token, json: order })).body['id'];
  });

  /** What goes over the wire. */
  const sent: Headers[] = [];
  const options: oauth.DiscoveryRequestOptions = {
    execute: [oauth.allowInsecureRequests],
    [oauth.customFetch]: (url, init) => {
      sent.push(new Headers(init.headers));
      return fetch(url, { ...init, body: init.body ?? null });
    },
  };

  async function registeredPartner(clientId: string): Promise<PartnerBackend> {
    const { privateKey: key, publicKey } = await generateKeyPair('ES256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'first', alg: 'ES256', use: 'sig' }];
    const jwks = join(await createTemporaryFolder(), 'partner.jwks.json');
    await writeFile(jwks, JSON.stringify({ keys }));
    await ops(
      ...['clients', 'create', clientId, '--name', 'Partner Shop'],
      ...['--auth-method', 'private_key_jwt', '--jwks', jwks, '--dpop-bound'],
      ...['--grant', 'authorization_code refresh_token', '--redirect-uri', CALLBACK],
      ...['--scope', SCOPE],
    );
    const partner = { issuer: auth.url, clientId, key, redirectUri: CALLBACK };
    return PartnerBackend.open(partner, options);
  }

  async function ops(...words: string[]): Promise<void> {
    const command = RunningCommand.start({
      file: process.execPath,
      arguments: ['apps/auth/dist/ops.js', ...words],
      env: settings,
    });
    expect({ exit: await command.exit, output: command.output }).toMatchObject({ exit: 0 });
  }

  /** The customer logs in, says yes, and comes back with a code. */
  async function agreement({ address }: PendingLogin): Promise<URL> {
    const browser = new TestBrowser(auth.url);
    const { email, password } = customer;
    const loginPage = await browser.visit(address);
    const next = await browser.follow(await browser.submit(loginPage, { login: email, password }));
    const asked = next.text.includes('Partner Shop');
    const end = asked ? await browser.submit(next, { decision: 'allow' }) : next;
    return new URL((await browser.follow(end)).headers.get('location') ?? '');
  }

  async function tokensOf(of = backend): Promise<oauth.TokenEndpointResponse> {
    const pending = await of.beginLogin(SCOPE, orders.url);
    return of.finishLogin(await agreement(pending), pending);
  }

  const ordersUrl = () => new URL(`${orders.url}/orders`);

  it('reads the orders of a customer who consented', async () => {
    const tokens = await tokensOf();

    expect(tokens).toMatchObject({ token_type: 'dpop', scope: 'orders:read' });
    for (let times = 0; times < 3; times += 1) {
      const answer = await backend.read(ordersUrl(), tokens.access_token);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(String(orderId));
    }
  });

  it('refreshes and receives a token bound to the same key', async () => {
    const first = await tokensOf();
    const next = await backend.refresh(first.refresh_token ?? '');

    expect(decodeJwt(next.access_token)['cnf']).toEqual(decodeJwt(first.access_token)['cnf']);
    expect((await backend.read(ordersUrl(), next.access_token)).status).toBe(200);
  });

  describe('a stolen token', () => {
    it('gets a refusal as a bearer token (RFC 9449 §7.2)', async () => {
      const { access_token: token } = await tokensOf();
      const answer = await send(ordersUrl().href, { token });

      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer error="invalid_token".*DPoP algs=/,
      );
    });

    it('gets a refusal with the key of another partner (RFC 9449 §4.3)', async () => {
      const { access_token: stolen } = await tokensOf();

      await expect(thief.read(ordersUrl(), stolen)).rejects.toMatchObject({
        cause: [{ scheme: 'dpop', parameters: { error: 'invalid_token' } }],
      });
    });

    it('gets a refusal with a replayed proof (RFC 9449 §11.1)', async () => {
      const { access_token: token } = await tokensOf();
      expect((await backend.read(ordersUrl(), token)).status).toBe(200);
      const { authorization = '', dpop = '' } = Object.fromEntries(sent.at(-1) ?? []);

      expect(authorization).toBe(`DPoP ${token}`);
      const overheard = { headers: { authorization, dpop } };
      expect((await fetch(ordersUrl(), overheard)).status).toBe(401);
    });

    it('refuses a stolen refresh token without the key of the client (RFC 7523 §3)', async () => {
      const { refresh_token: stolen = '' } = await tokensOf();

      await expect(thief.refresh(stolen)).rejects.toMatchObject({ error: 'invalid_grant' });
      expect((await backend.refresh(stolen)).token_type).toBe('dpop');
    });
  });

  it('equals the code block of the recipe', async () => {
    const recipe = await readFile(join(ROOT, 'docs/recipes/partner-api.md'), 'utf8');
    const source = await readFile(join(ROOT, 'apps/e2e/test/support/partner-backend.ts'), 'utf8');
    const [, shown] = /```ts\n\/\/ partner-backend\.ts\n([^]*?)```/.exec(recipe) ?? [];

    expect(shown).toBe(source);
  });
});
