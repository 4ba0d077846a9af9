import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** `name 1.2.3, …`. */
export function packageVersions(names) {
  return names.map((name) => `${name} ${versionOf(name)}`).join(', ');
}

/** Read from the file, as packages may keep their package.json out of `exports`. */
function versionOf(name) {
  for (const folder of require.resolve.paths(name)) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this node_modules: the next one up may have it.
    }
  }
  throw new Error(`${name} is not installed`);
}
