import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { RunningCommand } from '../support/running-command.js';
import { APIS, freePorts, portVariable } from '../support/service-ports.js';
import { copyBuiltWorkspace } from '../support/workspace-copy.js';

describe('a workspace whose developer deleted the folder apps/web', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await copyBuiltWorkspace();
    await rm(join(folder, 'apps/web'), { recursive: true });
  });

  const start = (cwd: string, args: readonly string[], more: Record<string, string> = {}) =>
    RunningCommand.start({
      file: process.execPath,
      arguments: args,
      env: { ...e2eConfig.shell, NX_DAEMON: 'false', ...more },
      cwd: join(folder, cwd),
    });

  const runToEnd = async (cwd: string, ...args: string[]) => {
    const command = start(cwd, args);
    return { exit: await command.exit, output: command.output };
  };

  it('passes the type checks of the tests and the tools', async () => {
    const compiler = join(folder, 'node_modules/typescript/bin/tsc');
    for (const project of ['apps/e2e', 'tools']) {
      const types = await runToEnd('.', compiler, '--noEmit', '-p', project);
      expect(types).toEqual({ exit: 0, output: '' });
    }
  }, 240_000);

  it('lets Nx build the other apps before the tests of e2e', async () => {
    const nx = join(folder, 'node_modules/nx/dist/bin/nx.js');
    const { exit, output } = await runToEnd('.', nx, 'show', 'project', 'e2e', '--json');
    const others = expect.stringContaining('"implicitDependencies":["auth","billing","orders"]');
    expect([exit, output]).toEqual([0, others]);
  });

  it('passes the tests of the deployment files, and reports the tests of web as skipped', async () => {
    const jest = ['--experimental-vm-modules', join(folder, 'node_modules/jest/bin/jest.js')];
    const { exit, output } = await runToEnd('apps/e2e', ...jest, 'compose', 'kubernetes', 'web');
    expect(output).toMatch(/SKIPPED: the tests in .*web, because apps\/web is missing/);
    expect([exit, output]).toEqual([0, expect.not.stringContaining('FAIL')]);
  }, 120_000);

  it('runs the APIs by npm start', async () => {
    const ports = await freePorts();
    const DATA_DIR = await createTemporaryFolder();
    const stack = start('.', ['tools/run.mjs', 'start', '--no-build'], { ...ports, DATA_DIR });
    await stack.waitForOutput(/Gatehouse is running\./);
    for (const name of APIS) {
      const url = `http://localhost:${ports[portVariable(name)]}`;
      expect((await send(`${url}/health/ready`)).status).toBe(200);
    }
    expect(stack.output).not.toMatch(/shop|back-office/);
    stack.signal('SIGINT');
    expect(await stack.exit).toBe(0);
  });
});
