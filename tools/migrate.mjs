/** `npm run db:migrate`: brings every app's database up to date, on DATABASE_URL or on the SQLite files of DATA_DIR. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireNode } from './node-version.mjs';
import { Failure, runTool } from './terminal/failure.mjs';
import { APPS, dataFolder, ROOT } from './workspace.mjs';

requireNode();
await runTool(() => APPS.forEach(migrate));

/** Runs what production can run by itself: `node apps/<app>/dist/migrate.js`. */
function migrate(app) {
  const entry = join(ROOT, 'apps', app, 'dist/migrate.js');
  if (!existsSync(entry)) throw new Failure(`${app} is not built. Run: npm run build`);
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', entry], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataFolder() },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    throw new Failure(`The database of ${app} was not migrated; those after it were not tried.`);
  }
}
