import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { RunningCommand } from '../support/running-command.js';
import { ROOT } from '../support/workspace.js';

const PROJECT = 'unstable-sample';
const COUNTS = join(ROOT, '.nx/test-counts', PROJECT);
/** Fails the first time, as a test that a busy machine disturbs. */
const UNSTABLE = `import { existsSync, writeFileSync } from 'node:fs';
it('fails once', () => {
  const isSecond = existsSync('marker');
  writeFileSync('marker', '');
  expect(isSecond).toBe(true);
});`;

describe('the slow tests of a project of which one file failed', () => {
  let folder: string;

  beforeAll(async () => {
    await mkdir(join(ROOT, 'apps/e2e/output'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'apps/e2e/output/unstable-'));
    cleanUpAfterTests(() => rmSync(folder, { recursive: true }));
    cleanUpAfterTests(() => rmSync(COUNTS, { recursive: true, force: true }));
    await mkdir(join(folder, 'test'));
    await writeFile(join(folder, 'test/unstable.slow.spec.ts'), UNSTABLE);
    await writeFile(join(folder, 'test/good.slow.spec.ts'), `it('passes', () => undefined);`);
    await writeFile(join(folder, 'test/bad.slow.spec.ts'), `it('fails', () => { throw 1; });`);
  });

  async function runSlowTests(env: Record<string, string> = {}) {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const config = ['--config', join(ROOT, 'tools/jest/slow.mjs'), '--rootDir', '.'];
    const command = RunningCommand.start({
      file: process.execPath,
      arguments: ['--experimental-vm-modules', jest, ...config],
      cwd: folder,
      env: {
        ...e2eConfig.shell,
        ...env,
        NX_TASK_TARGET_PROJECT: PROJECT,
        NX_TASK_TARGET_TARGET: 'test-slow',
      },
    });
    const exit = await command.exit;
    const file = join(COUNTS, 'test-slow.json');
    return { exit, results: existsSync(file) && JSON.parse(readFileSync(file, 'utf8')), command };
  }

  it('run once more without the files that passed, and the second results replace the first', async () => {
    const first = await runSlowTests();
    const second = await runSlowTests({ TEST_AGAIN: 'true' });
    const passed = { passed: 1, failed: 0, skipped: 0, failures: [] };
    const failed = { passed: 0, failed: 1, skipped: 0 };

    expect([first.exit, first.results]).toEqual([
      1,
      {
        'test/good.slow.spec.ts': passed,
        'test/bad.slow.spec.ts': { ...failed, failures: ['fails'] },
        'test/unstable.slow.spec.ts': { ...failed, failures: ['fails once'] },
      },
    ]);
    expect([second.exit, second.results]).toEqual([
      1,
      { ...first.results, 'test/unstable.slow.spec.ts': passed },
    ]);
    expect(second.command.output).not.toContain('good.slow.spec');
    rmSync(join(folder, 'test/bad.slow.spec.ts'));
  });
});
