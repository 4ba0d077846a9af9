import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { it } from '../support/slow-test.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const config = fileURLToPath(new URL('../../../../tools/jest/preset.mjs', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

it('lets Jest exit by itself after a failed assertion, although nothing was closed', async () => {
  const args = ['--experimental-vm-modules', jest, '--config', config, '--rootDir', root];
  // In one process, as Jest runs few files: it ends its worker processes, and waits for itself.
  args.push('--runInBand', '--reporters', 'default', '--testMatch', '**/support/never-closed.ts');

  // Resolves when the process has exited. A runner with an open server would not exit.
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
    const env = { ...process.env, FORCE_COLOR: '0' };
    const options = { cwd: root, env, timeout: 45_000 };
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error?.code, output: stdout + stderr }),
    );
  });

  expect(output).toContain('1 failed, 1 total');
  expect(output).not.toContain('did not exit');
  expect(code).toBe(1);
});
