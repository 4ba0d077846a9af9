import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres } from '@gatehouse/persistence/testing';
import pg from 'pg';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { RunningCommand } from '../support/running-command.js';
import { cleanUpAfterTests, createTemporaryFolder } from '../support/cleanup.js';
import { appOf, freePorts, portVariable, WEB_TOOLS } from '../support/service-ports.js';

const APIS = ['auth', 'orders', 'billing'];
const SERVICES = [...APIS, ...WEB_TOOLS];
/** The width of the names of services in the output. */
const WIDTH = Math.max(...SERVICES.map((name) => name.length)) + 2;
const itWithWeb = WEB_TOOLS.length > 0 ? it : it.skip;

let env: Record<string, string>;
let stack: RunningCommand;
let urls: string[];

beforeAll(async () => {
  const ports = await freePorts();
  const DATA_DIR = await createTemporaryFolder();
  // dash, the usual shell of npm, exits with its own code after Ctrl-C and hides that of the command.
  const npm_config_script_shell = 'bash';
  const REFRESH_GRACE_SECONDS = '6';
  const ours = {
    DATA_DIR,
    REFRESH_GRACE_SECONDS,
    ...ports,
    npm_config_script_shell,
  };
  env = { ...e2eConfig.shell, ...ours };
  urls = SERVICES.map((name) => `http://localhost:${ports[portVariable(name)]}`);
  stack = RunningCommand.shell('npm start', env);
  await stack.waitForOutput(/npm run demo/);
});

describe('npm start', () => {
  itWithWeb('prints first the address to open and the account that can sign in there', async () => {
    const [, first = ''] = /^back-office is ready .*\n\n(.*)$/m.exec(stack.output) ?? [];
    const [, address = ''] =
      /^Open (\S+) and sign in: demo@gatehouse\.example {2}\S{43}$/.exec(first) ?? [];
    expect(address).toBe(urls[SERVICES.indexOf('shop')]);
    const page = await send(address, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('prints the address of each service when all are ready', async () => {
    for (const [at, name] of SERVICES.entries()) {
      expect(stack.output).toContain(`  ${name.padEnd(WIDTH)}${urls[at]}`);
      expect((await send(`${urls[at]}/health/ready`)).status).toBe(200);
      if (APIS.includes(name)) expect((await send(`${urls[at]}/docs`)).status).toBe(200);
    }
  });

  itWithWeb('registers the tools at auth with the addresses of this stack', async () => {
    const [auth = ''] = urls;
    for (const tool of WEB_TOOLS) {
      const url = urls[SERVICES.indexOf(tool)] ?? '';
      const started = await send(`${url}/sign-in`);
      expect(started.headers.get('location')).toMatch(`${auth}/oauth/authorize?`);
      const login = await send(started.headers.get('location') ?? '');
      expect([login.status, login.headers.get('location')]).toEqual([
        303,
        expect.stringContaining('/login'),
      ]);
    }
  });

  it('names the folder of the data', () => {
    expect(stack.output).toContain(`\n  ${'data'.padEnd(WIDTH)}SQLite in ${env['DATA_DIR']}\n`);
  });

  it('moves the audiences and the redirect URIs of the documentation pages with the ports', async () => {
    const [auth = '', ...servers] = urls.slice(0, APIS.length);
    for (const url of servers) {
      const { body } = await send(`${url}/.well-known/oauth-protected-resource`);
      expect(body['resource']).toBe(url);
      for (const page of [url, url.replace('localhost', '127.0.0.1')]) {
        const query = new URLSearchParams({
          client_id: 'demo-docs',
          response_type: 'code',
          redirect_uri: `${page}/docs/oauth2-redirect.html`,
          code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
          code_challenge_method: 'S256',
        });
        // The login page: a redirect URI that is not registered is an error page.
        const answer = await send(`${auth}/oauth/authorize?${query.toString()}`);
        expect([answer.status, answer.headers.get('location')]).toEqual([
          303,
          expect.stringContaining('/login'),
        ]);
      }
    }
  });

  it('keeps databases and secrets in DATA_DIR, the secrets readable by their owner only', async () => {
    const folder = env['DATA_DIR'] ?? '';
    const databases = SERVICES.map((name) => `${appOf(name)}.sqlite`);
    const kept = [...databases, 'demo.env', 'server-secret'];
    expect(await readdir(folder)).toEqual(expect.arrayContaining(kept));
    for (const name of ['demo.env', 'server-secret']) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('reports in one sentence that a port is in use', async () => {
    const second = RunningCommand.shell('node tools/run.mjs start', env);
    expect(await second.exit).toBe(1);
    expect(second.output).toBe(
      `Port ${env['AUTH_PORT']} is in use, and auth needs it. Stop the other process, ` +
        `or choose another port: AUTH_PORT=${Number(env['AUTH_PORT']) + 1000} npm start\n`,
    );
  });
});

describe('npm start with settings that it cannot use', () => {
  const startWith = async (settings: Record<string, string>) => {
    const ports = SERVICES.map((name, at) => [portVariable(name), String(at + 1)]);
    const all = { ...env, ...Object.fromEntries(ports), ...settings };
    const command = RunningCommand.shell('node tools/run.mjs start --no-build', all);
    expect(await command.exit).toBe(1);
    return command.output;
  };

  it('says in one sentence that DATA_DIR is a file', async () => {
    const DATA_DIR = join(await createTemporaryFolder(), 'file');
    await writeFile(DATA_DIR, '');
    expect(await startWith({ DATA_DIR })).toMatch(
      /^The folder .*file cannot be used: EEXIST.* Set DATA_DIR to a folder .*\.\n$/,
    );
  });

  it('refuses production also when blanks surround the word', async () => {
    expect(await startWith({ NODE_ENV: ' production\n' })).toMatch(/^NODE_ENV is production/);
  });
});

describe('npm run demo', () => {
  it.each([
    ['Register', 201],
    ['Log in', 200],
    ['Place an order', 201],
    ['Take the same token to billing', 401],
    ['Refresh', 200],
    ['Refresh once more with the old token, within the window', 200],
    ['Replay the old token after the window', 400],
    ['Use its successor, which was not replayed', 400],
    ['Log in again, to read only, and try to place an order', 403],
    ['A token for another audience', 401],
    ['A token that has expired', 401],
    ['A forged token: not signed (alg none)', 401],
    ["A forged token: signed by another key under the real key's name", 401],
  ])('shows: %s', async (title, status) => {
    const { output } = await runDemo();
    const step = output.split(/\n(?=[ \d]\d\. )/).find((text) => text.includes(`. ${title}\n`));
    expect(step?.match(/→ \d+/g)?.at(-1)).toBe(`→ ${status}`);
  });

  it('exits with 0 when every step succeeds', async () => {
    const { exit, output } = await runDemo();
    expect(output).toMatch(/All \d+ steps did what they say\.\n$/);
    expect(exit).toBe(0);
  });

  it('exits with 1 at the first step that fails', async () => {
    const misled = RunningCommand.shell('node tools/run.mjs demo', {
      ...env,
      BILLING_URL: urls[1] ?? '',
    });
    expect(await misled.exit).toBe(1);
    expect(misled.output).toMatch(/Step 4, "[^"]+", did not do what it says: .*404/);
  });
});

describe('npm run demo in another folder', () => {
  it('says that its credentials do not fit', async () => {
    const DATA_DIR = await createTemporaryFolder();
    await writeFile(join(DATA_DIR, 'demo.env'), 'ORDERS_SERVICE_SECRET=of-another-stack\n');
    const demo = RunningCommand.shell('node tools/run.mjs demo', { ...env, DATA_DIR });
    expect(await demo.exit).toBe(1);
    expect(demo.output).toMatch(/was started from another folder: DATA_DIR\/demo\.env/);
  });
});

describe('npm start with a DATABASE_URL', () => {
  it('names the database without the password, and seeds it only when it is empty or its own', async () => {
    const server = await startPostgres();
    cleanUpAfterTests(() => server.stop());
    const DATABASE_URL = await server.createDatabase('shop');
    const count = async () => {
      const client = new pg.Client(DATABASE_URL);
      await client.connect();
      const { rows } = await client.query('SELECT id FROM auth.client');
      await client.end();
      return rows.length;
    };
    const start = async (more: Record<string, string> = {}) => {
      const all = { ...env, ...(await freePorts()), DATABASE_URL, ...more };
      const running = RunningCommand.shell('node tools/run.mjs start --no-build', all);
      await running.waitForOutput(/npm run demo/);
      running.signal('SIGINT');
      await running.exit;
      return running.output;
    };
    const first = await start();
    expect(first).toMatch(/data +PostgreSQL 127\.0\.0\.1:\d+\/shop \(DATABASE_URL\)/);
    expect(first).not.toContain('gatehouse:gatehouse@');
    expect(await count()).toBeGreaterThan(5);
    expect(await start()).not.toMatch(/no demo data was written/);

    const client = new pg.Client(DATABASE_URL);
    await client.connect();
    await client.query(`DELETE FROM auth.client WHERE id LIKE 'demo-%'`);
    await client.end();
    const before = await count();
    expect(await start()).toMatch(/no demo data was written\.\n.*SEED_DEMO=true npm start/);
    expect(await count()).toBe(before);
    await start({ SEED_DEMO: 'true' });
    expect(await count()).toBeGreaterThan(before);
  }, 120_000);
});

describe('Ctrl-C', () => {
  it('stops every process and exits with 0', async () => {
    stack.signal('SIGINT');
    expect(await stack.exit).toBe(0);
    expect(stack.output).toMatch(/Stopping … .*\n(.*\n)*Stopped\.\n/);
    for (const url of urls) await expect(send(url)).rejects.toThrow('fetch failed');
  });
});

let demo: Promise<{ exit: unknown; output: string }> | undefined;

/** The walk takes as long as the window that it shows: once is enough. */
function runDemo() {
  const run = async () => {
    const command = RunningCommand.shell('npm run demo', env);
    return { exit: await command.exit, output: command.output };
  };
  return (demo ??= run());
}
