/**
 * `node tools/run.mjs <command> [<options>]`: runs a command of this folder. package.json has a script for most of them.
 * Commands load on demand, so that an old Node gets one sentence and not a stack trace.
 */
import { readFileSync } from 'node:fs';

/** @type {Record<string, () => Promise<{ command: import('./terminal/command.mjs').Command<any> }>>} */
const COMMANDS = {
  adoption: () => import('./adoption/main.mjs'),
  bundle: () => import('./bundle/main.mjs'),
  compile: () => import('./compile/main.mjs'),
  containers: () => import('./containers/main.mjs'),
  corpus: () => import('./corpus/main.mjs'),
  create: () => import('./create/main.mjs'),
  'create-check': () => import('./create/check.mjs'),
  demo: () => import('./demo/main.mjs'),
  docs: () => import('./docs/main.mjs'),
  'executed-files': () => import('./docs/executed-files.mjs'),
  'guards-copy': () => import('./guards-copy/main.mjs'),
  'guards-doctor': () => import('./guards-doctor/main.mjs'),
  'guards-package': () => import('./guards-package/main.mjs'),
  migrate: () => import('./migrate/main.mjs'),
  'new-service': () => import('./new-service/main.mjs'),
  ops: () => import('./ops/main.mjs'),
  packages: () => import('./packages/main.mjs'),
  remove: () => import('./remove/main.mjs'),
  'remove-check': () => import('./remove/check.mjs'),
  smoke: () => import('./smoke/main.mjs'),
  start: () => import('./start/main.mjs'),
  'take-home': () => import('./take-home/main.mjs'),
  test: () => import('./test/main.mjs'),
  'test-node': () => import('./test/node-versions.mjs'),
  'token-explain': () => import('./token-explain/main.mjs'),
  'web-clients': () => import('./web-clients/main.mjs'),
  upgrade: () => import('./upgrade/main.mjs'),
};

requireNodeVersion();
const [name = '', ...args] = process.argv.slice(2);
if (Object.hasOwn(COMMANDS, name)) {
  const { command } = await COMMANDS[name]();
  const { runCommand } = await import('./terminal/command.mjs');
  await runCommand(command, args);
} else {
  process.stderr.write(
    `Unknown command "${name}". Commands: ${Object.keys(COMMANDS).join(', ')}.\n`,
  );
  process.exitCode = 2;
}

/** Compares with "engines" of package.json. */
function requireNodeVersion() {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const [major, minor] = numbersIn(manifest.engines.node);
  const [ownMajor, ownMinor] = numbersIn(process.versions.node);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  process.stderr.write(
    `Gatehouse needs Node ${major}.${minor} or newer. This is Node ${process.versions.node}.\n` +
      `"nvm install" installs the version of .nvmrc; https://nodejs.org has the others.\n`,
  );
  process.exit(1);
}

/** @param {string} version */
function numbersIn(version) {
  return version.replace(/^\D+/, '').split('.').map(Number);
}
