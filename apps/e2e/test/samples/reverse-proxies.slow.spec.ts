import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commonSettings, loadConfig } from '@gatehouse/service-kit';
import { waitUntil } from '@gatehouse/service-kit/testing';
import { z } from 'zod';
import { AppProcess } from '../support/app-process.js';
import { aPerson, register } from '../support/auth-api.js';
import { findChromium, newPage, startBrowser } from '../support/chromium.js';
import { send } from '../support/http.js';
import { findProxy, type ProxyName, startCaddy, startNginx } from '../support/reverse-proxy.js';
import { startStack } from '../support/stack.js';
import { ROOT } from '../support/workspace.js';

/** Runs the tests when the proxy is installed, and says aloud when it is not. */
function describeProxy(name: ProxyName, tests: (file: string) => void): void {
  const file = findProxy(name);
  const skipped = `SKIPPED: ${name} is not installed, so nothing behind it was tested`;
  if (file === undefined) {
    console.warn(skipped);
    it.skip(skipped, () => undefined);
  } else {
    describe(`behind ${name}`, () => tests(file));
  }
}

const limited = (settings: Record<string, string>) =>
  AppProcess.create('auth', { RATE_LIMITS: 'registration=2/60', ...settings });

/** Registers five persons, each with another forged address. */
async function registerFrom(url: string): Promise<number[]> {
  const statuses: number[] = [];
  for (const n of [1, 2, 3, 4, 5]) {
    const headers = { 'x-forwarded-for': `198.51.${n}.7` };
    const { status } = await send(`${url}/auth/register`, { json: aPerson(), headers });
    statuses.push(status);
  }
  return statuses;
}

describeProxy('nginx', (nginx) => {
  const APPEND = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';

  it('counts the address that nginx appends with TRUST_PROXY=1, not a forged one', async () => {
    const auth = await (await limited({ TRUST_PROXY: '1' })).start();
    const url = await startNginx(nginx, `location / { proxy_pass ${auth.url}; ${APPEND} }`);
    expect(await registerFrom(url)).toEqual([201, 201, 429, 429, 429]);
    const line = 'The limit registration=2/60 of RATE_LIMITS is used up for \\"127.0.0.0/24\\".';
    await waitUntil(() => auth.output.includes(line));
  });

  it('warns at start that TRUST_PROXY=true lets clients choose an address, and why', async () => {
    const auth = await (await limited({ TRUST_PROXY: 'true' })).start();
    const url = await startNginx(nginx, `location / { proxy_pass ${auth.url}; ${APPEND} }`);
    expect(await registerFrom(url)).toEqual([201, 201, 201, 201, 201]);
    const warning = /TRUST_PROXY is true: .* appends .* TRUST_PROXY=1 trusts one proxy/;
    await waitUntil(() => warning.test(auth.output));
  });

  const chromium = findChromium();
  (chromium === undefined ? it.skip : it)(
    'shows the API page of orders below a path, and its calls reach orders',
    async () => {
      const { auth, orders } = await startStack();
      const url = await startNginx(
        nginx,
        `location /orders-api/ { proxy_pass ${orders.url}/; } location / { proxy_pass ${auth.url}; }`,
      );
      const { page, faults } = await newPage(await startBrowser(chromium ?? ''));
      await page.goto(`${url}/orders-api/docs`);
      await page.getByRole('heading', { name: 'Gatehouse: orders' }).waitFor();
      expect(faults).toEqual([]);

      const list = page.locator('.opblock-get').filter({ hasText: 'Lists your orders' });
      await list.locator('.opblock-summary').click();
      await list.getByRole('button', { name: 'Execute' }).click();
      const answer = list.locator('.live-responses-table .response').first();
      expect(await answer.locator('.response-col_status').innerText()).toMatch(/^401/);
      expect(await list.locator('.request-url').innerText()).toContain(`${url}/orders-api/orders`);
    },
  );
});

describeProxy('caddy', (caddy) => {
  it('answers no request 502 when its idle timeout is below KEEP_ALIVE_TIMEOUT', async () => {
    const auth = await (await AppProcess.create('auth', { KEEP_ALIVE_TIMEOUT: '3' })).start();
    const url = await startCaddy(
      caddy,
      `reverse_proxy ${auth.url.replace('http://', '')} {\n transport http {\n keepalive 2s\n }\n}`,
    );
    const post = async () => (await send(`${url}/auth/login`, { json: {} })).status;
    const statuses = new Set<number>();
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(Array.from({ length: 30 }, post));
      for (const status of answers) statuses.add(status);
      // As long as auth keeps an idle connection: a proxy that keeps it as long would meet its end.
      await delay(2_990 + round * 5);
    }
    expect([...statuses]).toEqual([400]);
  });

  it('passes requests of the shipped configuration on to a service that keeps connections longer', async () => {
    const shipped = await readFile(join(ROOT, 'deploy/proxy/Caddyfile'), 'utf8');
    const [, idleSeconds] = /keepalive (\d+)s/.exec(shipped) ?? [];
    const { KEEP_ALIVE_TIMEOUT } = loadConfig(z.object(commonSettings({ port: 3000 })), {});
    expect(Number(idleSeconds)).toBeLessThan(KEEP_ALIVE_TIMEOUT);
  });

  it('warns at start when an https issuer is behind a proxy that is not trusted', async () => {
    const ISSUER = 'https://auth.example.com';
    const auth = await (await AppProcess.create('auth', { ISSUER })).start();
    const warning = /Clients use https .* TRUST_PROXY is off: all clients have the add/;
    await waitUntil(() => warning.test(auth.output));
    const behind = await (
      await AppProcess.create('auth', { ISSUER, TRUST_PROXY: 'loopback' })
    ).start();
    await behind.stop();
    expect(behind.output).not.toContain('TRUST_PROXY');
  });

  it('registers persons behind it', async () => {
    const auth = await (await AppProcess.create('auth', { TRUST_PROXY: '1' })).start();
    const url = await startCaddy(caddy, `reverse_proxy ${auth.url.replace('http://', '')}`);
    expect((await register(url, aPerson())).status).toBe(201);
  });
});
