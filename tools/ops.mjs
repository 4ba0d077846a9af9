/** `npm run ops -- --help`: operations on the authorization server, by the configuration that it runs with. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireNode } from './node-version.mjs';
import { Failure, runTool } from './terminal/failure.mjs';
import { dataFolder, ROOT } from './workspace.mjs';

requireNode();
await runTool(() => {
  // What production runs by itself: node apps/auth/dist/ops.js
  const entry = join(ROOT, 'apps/auth/dist/ops.js');
  if (!existsSync(entry)) throw new Failure('auth is not built. Run: npm run build');
  const words = process.argv.slice(2);
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', entry, ...words], {
    env: { ...process.env, DATA_DIR: dataFolder() },
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
});
