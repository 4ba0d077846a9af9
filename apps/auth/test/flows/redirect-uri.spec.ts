import { DataSource } from 'typeorm';
import type { Account } from '../../src/accounts/account.entity.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  TestBrowser,
} from '../support/test-browser.js';
import { TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let user: Account;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  user = await anAccount(auth);
  client = await aClient(auth, { id: 'public-client' });
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
afterAll(() => auth.stop());

const codes = async () => {
  const [row] = await auth.app
    .get(DataSource)
    .query('SELECT count(*) AS n FROM authorization_code');
  return Number(row.n);
};

/** Expects an error page without a redirect, and no new code. */
async function expectErrorPage(sendRequest: () => Promise<TestResponse>): Promise<void> {
  const before = await codes();
  const answer = await sendRequest();
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('location')).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
  // In development the page shows the address, as text only.
  expect(answer.text.replaceAll(/<dd>[^<]*<\/dd>/g, '')).not.toContain('evil');
  expect(await codes()).toBe(before);
}

describe('client_id and redirect_uri of authorization requests (RFC 6749 §4.1.2.1)', () => {
  it.each([
    ['unknown', { client_id: 'unknown' }],
    ['missing', { client_id: undefined }],
    ['empty', { client_id: '' }],
    ['malformed', { client_id: 'public-client\0' }],
    ['too long', { client_id: 'a'.repeat(5000) }],
  ])('shows an error page for a client_id that is %s', async (_, parameters) => {
    await expectErrorPage(() => browser.authorize(client, parameters));
  });

  it.each(['client_id=public-client', 'redirect_uri=https://client.example/callback'])(
    'shows an error page for a repeated %s',
    async (repeated) => {
      await expectErrorPage(() =>
        browser.open(`/oauth/authorize?${buildAuthorizationQuery(client)}&${repeated}`),
      );
    },
  );

  it('shows an error page for a redirect URI that is longer than the column of a code', async () => {
    const address = 'http://127.0.0.1/'.padEnd(2000, 'x');
    const id = await aClient(auth, { redirectUris: [address] });
    await browser.grantConsent(user, id);
    const withPort = address.replace('127.0.0.1', '127.0.0.1:65535');
    await expectErrorPage(() => browser.authorize(id, { redirect_uri: withPort }));
  });

  it('shows an error page for a disabled client', async () => {
    const id = await aClient(auth);
    await auth.app.get(ClientRepository).disable(id);
    await expectErrorPage(() => browser.authorize(id));
  });

  it.each([
    ['that is missing', undefined],
    ['that is empty', ''],
    ['on another host', 'https://evil.example/callback'],
    ['on a host that begins alike', 'https://client.example.evil.example/callback'],
    ['on a host that ends alike', 'https://evil-client.example/callback'],
    ['on a subdomain', 'https://evil.client.example/callback'],
    ['with user information', 'https://client.example@evil.example/callback'],
    ['with user information and the registered host', 'https://user@client.example/callback'],
    ['with a backslash before the host', 'https://evil.example\\@client.example/callback'],
    ['with a backslash for a slash', 'https://client.example\\callback'],
    ['with the registered host in a fragment', 'https://evil.example#client.example/callback'],
    ['with the registered host in a query', 'https://evil.example?client.example/callback'],
    ['with a trailing dot in the host', 'https://client.example./callback'],
    ['with a host in capitals', 'https://CLIENT.example/callback'],
    ['with a homograph of the host', 'https://сlient.example/callback'],
    ['with the default port', 'https://client.example:443/callback'],
    ['with another port', 'https://client.example:8443/callback'],
    ['without TLS', 'http://client.example/callback'],
    ['with the scheme in capitals', 'HTTPS://client.example/callback'],
    ['with a trailing slash', 'https://client.example/callback/'],
    ['with a longer path', 'https://client.example/callback/evil'],
    ['with a path that goes up', 'https://client.example/callback/../evil'],
    ['with a path that goes up and down', 'https://client.example/evil/../callback'],
    ['with a dot that is encoded', 'https://client.example/callback/%2e%2e/evil'],
    ['with a letter that is encoded', 'https://client.example/%63allback'],
    ['with a path in capitals', 'https://client.example/Callback'],
    ['with a shorter path', 'https://client.example/'],
    ['with path parameters', 'https://client.example/callback;evil'],
    ['with a query', 'https://client.example/callback?evil=1'],
    ['with an empty query', 'https://client.example/callback?'],
    ['with a fragment', 'https://client.example/callback#evil'],
    ['with an empty fragment', 'https://client.example/callback#'],
    ['with a line break', 'https://client.example/callback\r\nSet-Cookie: evil=1'],
    ['with a line break that is encoded', 'https://client.example/callback%0d%0aevil:1'],
    ['with a NUL', 'https://client.example/callback\0'],
    ['with a space', 'https://client.example/callback '],
    ['that contains two URIs', 'https://client.example/callback https://evil.example/'],
    ['that is a wildcard', 'https://client.example/*'],
    ['without a scheme', '//client.example/callback'],
    ['that is a path', '/callback'],
    ['that is a script', 'javascript:alert(1)//https://client.example/callback'],
    ['that is data', 'data:text/html,evil'],
    ['that is out of band', 'urn:ietf:wg:oauth:2.0:oob'],
    ['that is very long', `https://client.example/callback?${'evil'.repeat(1000)}`],
  ])('shows an error page for a redirect URI %s (RFC 9700 §4.1)', async (_, redirect_uri) => {
    await expectErrorPage(() => browser.authorize(client, { redirect_uri }));
  });

  it('does not redirect an invalid request to an unregistered URI', async () => {
    await expectErrorPage(() =>
      browser.authorize(client, {
        redirect_uri: 'https://evil.example/',
        response_type: 'token',
        prompt: 'none',
      }),
    );
  });

  describe('loopback redirect URIs of native apps (RFC 8252 §7.3)', () => {
    let native: string;
    beforeAll(async () => {
      native = await aClient(auth, {
        redirectUris: [
          'http://127.0.0.1/callback',
          'http://[::1]:8000/callback',
          'com.example.app:/done',
        ],
      });
    });

    it.each([
      'http://127.0.0.1/callback',
      'http://127.0.0.1:49152/callback',
      'http://[::1]:1/callback',
      'com.example.app:/done',
    ])('accepts %s', async (redirect_uri) => {
      const page = await browser.authorize(native, { redirect_uri });
      const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
      expect(answer.headers.get('location')?.startsWith(`${redirect_uri}?code=`)).toBe(true);
    });

    it.each([
      'http://localhost:49152/callback',
      'http://127.0.0.1:49152/other',
      'http://127.0.0.1:49152/callback?evil=1',
      'http://127.0.0.1:99999/callback',
      'http://127.0.0.1:@evil.example/callback',
      'http://127.0.0.1:80@evil.example/callback',
      'http://127.0.0.1.evil.example:80/callback',
      'http://127.0.0.2:49152/callback',
      'https://127.0.0.1:49152/callback',
      'com.example.app:49152/done',
    ])('rejects %s', async (redirect_uri) => {
      await expectErrorPage(() => browser.authorize(native, { redirect_uri }));
    });

    it('rejects another port for a confidential client', async () => {
      const id = await aClient(auth, {
        secret: 'secret',
        redirectUris: ['http://127.0.0.1:8000/callback'],
      });
      await expectErrorPage(() =>
        browser.authorize(id, { redirect_uri: 'http://127.0.0.1:8001/callback' }),
      );
    });
  });
});
