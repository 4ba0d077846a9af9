import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { e2eConfig } from '../support/e2e.config.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { send } from '../support/http.js';
import { RunningCommand } from '../support/running-command.js';
import { createTemporaryFolder } from '../support/cleanup.js';

let env: Record<string, string>;
let stack: RunningCommand;
let urls: string[];

beforeAll(async () => {
  const ports = [await freePort(), await freePort(), await freePort()].map(String);
  const [AUTH_PORT = '', ORDERS_PORT = '', BILLING_PORT = ''] = ports;
  const DATA_DIR = await createTemporaryFolder();
  // dash, the usual shell of npm, exits with its own code after Ctrl-C and hides that of the command.
  const npm_config_script_shell = 'bash';
  const REFRESH_GRACE_SECONDS = '6';
  const ours = {
    DATA_DIR,
    REFRESH_GRACE_SECONDS,
    AUTH_PORT,
    ORDERS_PORT,
    BILLING_PORT,
    npm_config_script_shell,
  };
  env = { ...e2eConfig.shell, ...ours };
  urls = ports.map((port) => `http://localhost:${port}`);
  stack = RunningCommand.shell('npm start', env);
  await stack.waitForOutput(/npm run demo/);
});

describe('npm start', () => {
  it('prints the address of each app when all are ready', async () => {
    for (const [at, name] of ['auth', 'orders', 'billing'].entries()) {
      expect(stack.output).toContain(`${name.padEnd(9)}${urls[at]}`);
      expect((await send(`${urls[at]}/health/ready`)).status).toBe(200);
      expect((await send(`${urls[at]}/docs`)).status).toBe(200);
    }
  });

  it('keeps databases and secrets in DATA_DIR, the secrets readable by their owner only', async () => {
    const folder = env['DATA_DIR'] ?? '';
    const kept = ['auth.sqlite', 'billing.sqlite', 'demo.env', 'orders.sqlite', 'server-secret'];
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
