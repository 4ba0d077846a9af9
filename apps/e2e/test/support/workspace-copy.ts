import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporaryFolder } from './cleanup.js';
import { e2eConfig } from './e2e.config.js';
import { RunningCommand } from './running-command.js';
import { ROOT } from './workspace.js';

/** Copies the workspace with its built apps and libraries, so that a test changes no file of the developer. Resolves with the folder. */
export async function copyBuiltWorkspace(): Promise<string> {
  const folder = await createTemporaryFolder();
  const copy = RunningCommand.start({
    file: process.execPath,
    arguments: [
      '--input-type=module',
      '--eval',
      `const { copyWorkspace } = await import('./tools/workspace.mjs');
       await copyWorkspace(${JSON.stringify(folder)});`,
    ],
    env: e2eConfig.shell,
  });
  if ((await copy.exit) !== 0) throw new Error(copy.output);
  for (const parent of ['apps', 'libs']) {
    for (const name of await readdir(join(ROOT, parent))) {
      if (name === 'e2e') continue;
      const dist = join(parent, name, 'dist');
      await cp(join(ROOT, dist), join(folder, dist), { recursive: true });
    }
  }
  return folder;
}
