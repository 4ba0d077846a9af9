import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Says in a sentence what an old Node would say in a stack. Imported before anything that needs a newer one. */
export function requireNode(version = process.versions.node) {
  const [major, minor] = numbers(manifest.engines.node);
  const [ownMajor, ownMinor] = numbers(version);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  process.stderr.write(
    `Gatehouse needs Node ${major}.${minor} or newer, and this is Node ${version}.\n` +
      `"nvm install" takes the version of .nvmrc; https://nodejs.org has the others.\n`,
  );
  process.exit(1);
}

function numbers(version) {
  return version.replace(/^\D+/, '').split('.').map(Number);
}
