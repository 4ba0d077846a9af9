import { appendFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { freePorts, WEB_TOOLS } from '../support/service-ports.js';
import { RunningCommand } from '../support/running-command.js';
import { waitUntil } from '../support/wait-until.js';
import { copyBuiltWorkspace } from '../support/workspace-copy.js';
import { ROOT } from '../support/workspace.js';

const itWithWeb = WEB_TOOLS.length > 0 ? it : it.skip;

let folder: string;
let dev: RunningCommand;
let ports: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await copyBuiltWorkspace();
  ports = await freePorts();
  const DATA_DIR = await createTemporaryFolder();
  dev = RunningCommand.start({
    file: process.execPath,
    arguments: [join(folder, 'tools/run.mjs'), 'start', '--watch', '--no-build'],
    env: { ...e2eConfig.shell, ...ports, DATA_DIR },
  });
  await dev.waitForOutput(/^Watching the sources/m);
});

/** Adds a line to a source, and resolves with what `npm run dev` prints until a pattern appears. */
async function change(path: string, line: string, until: RegExp): Promise<string> {
  const before = dev.output.length;
  await appendFile(join(folder, path), `\n${line}\n`);
  const printed = () => dev.output.slice(before);
  await waitUntil(`npm run dev prints ${until}`, () => until.test(printed()));
  return printed();
}

describe('npm run dev', () => {
  it('restarts the app alone whose source changed', async () => {
    const path = 'apps/orders/src/service.ts';
    const output = await change(path, `console.log('orders changed');`, /^Restarted .* s\.$/m);

    expect(output).toContain(`${path} changed: restarting orders.\n`);
    expect(output).toContain('orders changed\n');
    expect(output).toMatch(/^Restarted orders in /m);
    expect((await send(`http://localhost:${ports['ORDERS_PORT']}/health/ready`)).status).toBe(200);
  });

  it('restarts the apps that execute a changed file of a library', async () => {
    const path = 'libs/guards/src/nest/access-token.guard.ts';
    const output = await change(path, `console.log('guards changed');`, /^Restarted .* s\.$/m);

    expect(output).toMatch(/^Restarted auth, orders, billing in /m);
    expect(output.match(/guards changed\n/g)).toHaveLength(3);
  });

  itWithWeb('builds the client of web and restarts its tools when its source changed', async () => {
    const path = 'apps/web/client/src/main.tsx';
    const output = await change(path, `console.log('client changed');`, /^Restarted .* s\.$/m);

    expect(output).toMatch(/^Restarted shop, back-office in /m);
    const url = `http://localhost:${ports['SHOP_PORT']}`;
    const page = await send(url, { headers: { accept: 'text/html' } });
    const [, script = ''] = /<script [^>]*src="([^"]+)"/.exec(page.text) ?? [];
    expect((await send(`${url}${script}`)).text).toContain('client changed');
  });

  it('restarts no app for a file that no app executes', async () => {
    const path = 'libs/guards/src/websockets/index.ts';
    const output = await change(path, `console.log('never printed');`, / none restarts\./);

    expect(output).toContain(`${path} changed: no app executes it`);
  });

  it('keeps the app running while a source does not compile, and restarts it after the correction', async () => {
    const path = 'apps/billing/src/service.ts';
    const error = await change(path, 'const broken = ;', /Expression expected/);
    expect(error).toContain(path);
    expect((await send(`http://localhost:${ports['BILLING_PORT']}/health/ready`)).status).toBe(200);

    await cp(join(ROOT, path), join(folder, path));
    const output = await change(path, `console.log('billing corrected');`, /^Restarted .* s\.$/m);
    expect(output).toMatch(/^Restarted billing in /m);
    expect(output).toContain('billing corrected\n');
  });
});
