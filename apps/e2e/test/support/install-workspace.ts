import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { e2eConfig } from './e2e.config.js';
import { RunningCommand } from './running-command.js';
import { ROOT } from './workspace.js';

/** Zero if the file does not exist. */
const changedAt = (file: string): Promise<number> =>
  stat(join(ROOT, file)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/**
 * Installs packages that are not in the workspace of the root, unless they are as new as the lock file.
 *
 * @param folder with `package.json` and `package-lock.json`, below the root
 */
export async function installWorkspace(folder: string): Promise<void> {
  const installed = await changedAt(`${folder}/node_modules/.package-lock.json`);
  if (installed > (await changedAt(`${folder}/package-lock.json`))) return;
  const command = RunningCommand.start({
    file: 'npm',
    arguments: ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'],
    env: e2eConfig.registry,
  });
  const exit = await command.exit;
  if (exit !== 0) throw new Error(`npm ci in ${folder} ended with ${exit}:\n${command.output}`);
}
