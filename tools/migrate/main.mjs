import { defineCommand, Failure } from '../terminal/command.mjs';
import { runInForeground } from '../terminal/processes.mjs';
import { APPS, builtFile, dataFolder, ROOT } from '../workspace.mjs';

/**
 * `npm run db:migrate`: applies the migrations of every app, on DATABASE_URL or on the SQLite files of DATA_DIR. In
 * production an app runs dist/migrate.js, and auth runs `dist/ops.js migrate`.
 */
export const command = defineCommand({
  usage: 'Usage: npm run db:migrate   applies the migrations of every app',
  options: {},
  run: () => {
    for (const app of APPS) {
      const [file, ...args] = app === 'auth' ? ['ops.js', 'migrate'] : ['migrate.js'];
      if (runBuilt(app, file, args) === 0) continue;
      throw new Failure(`The migration of ${app} failed. The apps after it were not migrated.`);
    }
  },
});

/**
 * @param {string} app
 * @param {string} file below `dist`
 * @param {string[]} [args]
 */
export function runBuilt(app, file, args = []) {
  const entry = builtFile(app, file);
  return runInForeground([process.execPath, '--enable-source-maps', entry, ...args], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataFolder() },
  });
}
