import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { runInForeground } from '../terminal/processes.mjs';
import { APPS, builtFile, dataFolder, ROOT } from '../workspace.mjs';

/** `npm run ops -- --help`: operations on the authorization server, with its configuration. In production: dist/ops.js. */
export const command = defineCommand({
  usage: 'Usage: npm run ops -- --help',
  options: {},
  passThrough: true,
  run: (_values, args) => {
    process.exitCode = runBuilt('auth', 'ops.js', args);
  },
});

/**
 * `npm run db:migrate`: applies the migrations of every app, on DATABASE_URL or on the SQLite files of DATA_DIR. In
 * production each app runs its own dist/migrate.js.
 */
export const migrateCommand = defineCommand({
  usage: 'Usage: npm run db:migrate   applies the migrations of every app',
  options: {},
  run: () => {
    for (const app of APPS) {
      if (runBuilt(app, migrationEntry(app)) === 0) continue;
      throw new Failure(`The migration of ${app} failed. The apps after it were not migrated.`);
    }
  },
});

/** Auth has its migration among its operations. @param {string} app */
function migrationEntry(app) {
  return existsSync(join(ROOT, 'apps', app, 'dist/migrate.js')) ? 'migrate.js' : 'ops/migrate.js';
}

/**
 * @param {string} app
 * @param {string} file below `dist`
 * @param {string[]} [args]
 */
function runBuilt(app, file, args = []) {
  const entry = builtFile(app, file);
  return runInForeground([process.execPath, '--enable-source-maps', entry, ...args], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataFolder() },
  });
}
