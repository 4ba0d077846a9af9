import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RequireScopes } from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';
import { it } from '../support/slow-test.js';

@Controller('reports')
class ReportsController {
  @Get()
  @RequireScopes('orders:read')
  create() {
    return new Promise(() => undefined);
  }
}

it('takes a handler that does not answer as one that the guards admitted', async () => {
  const issuer = await TestIssuer.start();
  const app = await guardedApp(() => new ExpressAdapter(), issuer.options, [ReportsController]);

  expect(await expectGuarded(app, issuer)).toEqual(['GET /reports']);
  await app.close();
  await issuer.close();
});

it('lets Jest exit by itself after a failed assertion, although nothing was closed', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const config = `${root}/test/support/failing/jest.config.mjs`;
  // In one process, as Jest runs few files: it kills its worker processes, and waits for itself.
  const args = ['--experimental-vm-modules', jest, '--runInBand', '--rootDir', root];

  // Resolves when the process has exited. A runner with an open server would never exit.
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(
      process.execPath,
      [...args, '--config', config],
      { cwd: root, timeout: 45_000 },
      (error, stdout, stderr) => resolve({ code: error?.code, output: stdout + stderr }),
    );
  });

  expect(output).toContain('1 failed, 1 total');
  expect(output).not.toContain('did not exit');
  expect(code).toBe(1);
});
