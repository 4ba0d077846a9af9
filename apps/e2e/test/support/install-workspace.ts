import { e2eConfig } from './e2e.config.js';
import { RunningCommand } from './running-command.js';

/**
 * Installs packages that are not in the workspace of the root, unless they are as new as the lock file.
 *
 * @param folder with `package.json` and `package-lock.json`, below the root
 */
export async function installWorkspace(folder: string): Promise<void> {
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['tools/run.mjs', 'packages', folder],
    env: e2eConfig.registry,
  });
  const exit = await command.exit;
  if (exit !== 0)
    throw new Error(`npm install in ${folder} ended with ${exit}:\n${command.output}`);
}
