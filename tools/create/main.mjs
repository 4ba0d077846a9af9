/** `npm run create -- ../acme`: makes a project of one's own from this repository. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { withProgress } from '../terminal/output.mjs';
import { run } from '../terminal/processes.mjs';
import { filesIn, ROOT } from '../workspace.mjs';
import { completeChoices, OPTIONAL_PARTS, PRESETS } from './choices.mjs';
import { generate } from './generate.mjs';
import { askForChoices, wordsIn } from './questions.mjs';

const text = { type: /** @type {const} */ ('string') };
const flag = { type: /** @type {const} */ ('boolean') };

export const command = defineCommand({
  usage: `Usage: npm run create -- <folder> [<options>]   makes a project of your own, such as ../acme

It asks for what the options leave open.

  --yes                    takes the default of every other choice, and asks nothing
  --name <name>            of the project; by default that of the folder
  --scope <@scope>         of its npm packages; by default @<name>
  --services <names>       services of your own, such as parcels,shipping
  --with-samples           keeps orders, billing, the front for browsers and the demo
  --auth own|external      its own authorization server (default), or another issuer
  --issuer <url>           the exact "iss" of an external issuer
  --preset <name>          its product: ${PRESETS.join(', ')}
  --database <name>        sqlite (default) or postgres, in production
  --parts <names>          optional parts, or none:
                           ${OPTIONAL_PARTS.slice(0, 5).join(', ')},
                           ${OPTIONAL_PARTS.slice(5, 10).join(', ')},
                           ${OPTIONAL_PARTS.slice(10).join(', ')}
  --with-library-tests     keeps the tests of the libraries
  --choices <file.json>    takes the choices of a file, such as the .gatehouse.json of another project
  --no-git                 makes no Git repository`,
  options: {
    yes: flag,
    name: text,
    scope: text,
    services: text,
    'with-samples': flag,
    auth: text,
    issuer: text,
    preset: text,
    database: text,
    parts: text,
    'with-library-tests': flag,
    choices: text,
    git: { ...flag, default: true },
  },
  allowPositionals: true,
  allowNegative: true,
  usageExitCode: 2,
  run: async (values, [folder, ...others]) => {
    if (!folder || others.length > 0) throw new UsageError('Give one folder, such as ../acme.');
    const target = resolve(process.env.INIT_CWD ?? '.', folder);
    requireUsableTarget(target);
    const given = choicesFrom(values, basename(target));
    const isAsked = !values.yes && !values.choices && process.stdin.isTTY;
    const choices = completeChoices(isAsked ? await askForChoices(given) : given);
    await createProject(target, choices, { isGit: values.git !== false });
  },
});

/**
 * @param {string} target
 * @throws {Failure} when it has files, or is inside of this repository
 */
export function requireUsableTarget(target) {
  const inside = relative(ROOT, target);
  if (inside === '' || (!inside.startsWith('..') && resolve(ROOT, inside) === target)) {
    throw new Failure(
      `${target} is inside of this repository. Choose a folder beside it, such as ../acme.`,
    );
  }
  if (existsSync(target) && (!statSync(target).isDirectory() || readdirSync(target).length > 0)) {
    throw new Failure(`${target} exists and is not an empty folder. Choose another one.`);
  }
  if (!existsSync(dirname(target))) {
    throw new Failure(`${dirname(target)} does not exist. Make it first.`);
  }
}

/**
 * @param {Record<string, any>} values
 * @param {string} folder its name is the default of the project's name
 * @returns {Partial<import('./choices.mjs').Choices> & { name: string }} without what no option gives
 */
function choicesFrom(values, folder) {
  const { name, scope, auth, issuer, preset, database } = values;
  const given = {
    ...{ scope, auth, issuer, preset, database },
    services: values.services && wordsIn(values.services),
    samples: values['with-samples'],
    parts: values.parts && (values.parts === 'none' ? [] : wordsIn(values.parts)),
    libraryTests: values['with-library-tests'],
  };
  const options = Object.entries({ ...given, name }).filter(([, value]) => value !== undefined);
  const file = values.choices ? choicesIn(values.choices) : {};
  return { name: folder.toLowerCase(), ...file, ...Object.fromEntries(options) };
}

/** @param {string} file @returns {Record<string, any>} */
function choicesIn(file) {
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  try {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    return value.choices ?? value;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Failure(`--choices: ${path} cannot be read: ${message}`);
  }
}

/**
 * Writes into a folder beside the target and renames it at the end, so that a failure leaves nothing.
 *
 * @param {string} target
 * @param {import('./choices.mjs').Choices} choices
 * @param {{ isGit: boolean }} options
 */
async function createProject(target, choices, { isGit }) {
  const stream = process.stdout;
  const folder = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  const made = join(folder, basename(target));
  try {
    await withProgress({ stream, doing: 'Writing the files', done: 'Written' }, () =>
      generate({ source: ROOT, target: made, choices }),
    );
    if (isGit) {
      const line = { stream, doing: 'Making the first commit', done: 'Committed' };
      await withProgress(line, () => commit(made, choices.name));
    }
    if (existsSync(target)) rmdirSync(target);
    renameSync(made, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  stream.write(nextSteps(target, choices));
}

/** @param {string} cwd @param {string} name */
async function commit(cwd, name) {
  const author = await run('git config', ['git', 'config', 'user.email'], { cwd }).catch(() => '');
  // Git refuses a commit without an author.
  const as = author ? [] : ['-c', `user.name=${name}`, '-c', `user.email=${name}@localhost`];
  await run('git init', ['git', 'init', '--quiet', '--initial-branch', 'main'], { cwd });
  await run('git add', ['git', 'add', '--all'], { cwd });
  const message = 'feat: create the project from Gatehouse';
  const subject = process.platform === 'win32' ? `"${message}"` : message;
  await run('git commit', ['git', ...as, 'commit', '--quiet', '--no-verify', '-m', subject], {
    cwd,
  });
}

/** @param {string} target @param {import('./choices.mjs').Choices} choices */
function nextSteps(target, { name, scope, services, samples }) {
  const shown =
    relative(process.env.INIT_CWD ?? '.', target)
      .split(sep)
      .join('/') || '.';
  const all = [...(samples ? ['orders', 'billing'] : []), ...services];
  const files = filesIn(target).filter((path) => !path.startsWith('.git/')).length;
  const folders = all.map((each) => `apps/${each}`).join(', ');
  return `
Made ${name} in ${shown}: ${files} files. Your services: ${folders}.

Next:
  cd ${shown}
  npm ci
${needsFormat({ name, scope }) ? '  npm run format     once, because a longer name needs other line breaks\n' : ''}  npm start          prints the addresses
  npm test           in another terminal

Then change apps/${all.at(-1)}. README.md has the commands.
`;
}

/** Prettier, which `npm ci` installs, breaks lines that a longer name makes too long. @param {{ name: string, scope: string }} names */
const needsFormat = ({ name, scope }) =>
  name.length > 'gatehouse'.length || scope.length > '@gatehouse'.length;
