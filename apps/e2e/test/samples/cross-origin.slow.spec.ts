import { createServer } from 'node:http';
import { once } from 'node:events';
import { freePort } from '@gatehouse/service-kit/testing';
import type { Page } from 'playwright-core';
import { registerAndLogIn, RESOURCES } from '../support/auth-api.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { type Stack, startStack } from '../support/stack.js';

const executablePath = findChromium();
const SKIPPED =
  'SKIPPED: no Chromium was found, so calls from another origin were not tested; CHROMIUM_PATH may name one';

/** An empty page of another origin. */
async function startPageServer(): Promise<string> {
  const server = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>app</title>');
  });
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  cleanUpAfterTests(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

interface Call {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly read: readonly string[];
}

/** Calls `fetch` in the page. The result has the headers that the script can read. */
const callFrom = (page: Page, call: Call) =>
  page.evaluate(async ({ url, read, ...init }) => {
    const response = await fetch(url, init).catch(() => undefined);
    const headers = Object.fromEntries(read.map((name) => [name, response?.headers.get(name)]));
    return { status: response?.status ?? 'blocked', headers };
  }, call);

if (executablePath === undefined) {
  console.warn(SKIPPED);
  it.skip(SKIPPED, () => undefined);
} else {
  describe('a page of another origin, in Chromium', () => {
    let stack: Stack;
    let allowed: Page;
    let other: Page;
    let token: string;

    beforeAll(async () => {
      const [browser, origin, stranger] = await Promise.all([
        startBrowser(executablePath),
        startPageServer(),
        startPageServer(),
      ]);
      stack = await startStack({ CORS_ORIGINS: `${origin}, capacitor://localhost` });
      ({ page: allowed } = await newPage(browser));
      ({ page: other } = await newPage(browser));
      await Promise.all([allowed.goto(origin), other.goto(stranger)]);
      const resource = RESOURCES.orders;
      ({ accessToken: token } = await registerAndLogIn(stack.auth.url, { resource }));
    });

    it('places an order and reads its address and version, with the header of a tracing library', async () => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': 'one',
        'sentry-trace': '12345678901234567890123456789012-1234567890123456-1',
      };
      const items = [{ sku: 'tea-200g', quantity: 2, unitPriceMinor: 1000 }];
      const body = JSON.stringify({ items, currency: 'EUR' });
      const url = `${stack.orders.url}/orders`;
      const call = { url, method: 'POST', headers, body, read: ['location', 'etag'] };
      expect(await callFrom(allowed, call)).toEqual({
        status: 201,
        headers: {
          location: expect.stringMatching(/orders\//),
          etag: expect.stringMatching(/^"/),
        },
      });
      const { authorization } = headers;
      expect((await callFrom(allowed, { url, headers: { authorization }, read: [] })).status).toBe(
        200,
      );
    });

    it('reads the challenge of a 401', async () => {
      const call = { url: `${stack.orders.url}/orders`, read: ['www-authenticate'] };
      expect(await callFrom(allowed, call)).toEqual({
        status: 401,
        headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) },
      });
    });

    it('blocks a page whose origin is not in CORS_ORIGINS', async () => {
      const headers = { authorization: `Bearer ${token}` };
      const call = { url: `${stack.orders.url}/orders`, headers, read: [] };
      expect(await callFrom(other, call)).toEqual({ status: 'blocked', headers: {} });
    });

    it.each([
      ['orders', 'oauth-protected-resource', 200],
      ['billing', 'oauth-protected-resource', 200],
      ['billing', 'oauth-authorization-server', 404],
      ['auth', 'oauth-authorization-server', 200],
      ['auth', 'openid-configuration', 200],
      ['auth', 'jwks.json', 200],
    ] as const)(
      'reads the answer of %s for %s from any origin, with the header of MCP clients',
      async (name, document, status) => {
        const url = `${stack[name].url}/.well-known/${document}`;
        const headers = { 'mcp-protocol-version': '2025-11-25' };
        expect((await callFrom(other, { url, headers, read: [] })).status).toBe(status);
      },
    );
  });
}
