import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { ROOT } from '../workspace.mjs';

/**
 * A stage of the Dockerfile, with a folder in place of its file system.
 *
 * @typedef {object} Image
 * @property {string} root the folder
 * @property {string} cwd working directory, absolute in the image
 * @property {Record<string, string>} env
 * @property {Record<string, string>} variables of ARG
 * @property {{ start: string[], health: string[] }} commands
 */

/** @typedef {{ stages: Map<string | undefined, Image>, args: Record<string, string> }} Build */
/** @typedef {(image: Image, text: string, build: Build) => void} InstructionHandler */
/** @typedef {{ word: string, text: string }} Instruction */
/** @typedef {{ name: string | undefined, base: string, instructions: Instruction[] }} Stage */

/**
 * Runs the Dockerfile with folders in place of images. It prints what it leaves out because only Docker can do it: base
 * images, packages of the distribution, the user. An absolute path is a path below the folder of the stage.
 *
 * @param {{ folder: string, args: Record<string, string> }} options
 * @returns {Image} the last stage
 */
export function buildImage({ folder, args }) {
  /** @type {Build['stages']} */
  const stages = new Map();
  let last;
  for (const [at, stage] of stagesOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).entries()) {
    const base = stages.get(stage.base);
    const image = startFrom(base, join(folder, stage.name ?? `stage-${at}`));
    print(`FROM ${stage.base}${base ? '' : ' (not fetched: this machine replaces it)'}`);
    for (const { word, text } of stage.instructions) {
      const handle = HANDLERS[word] ?? skip(word);
      handle(image, text, { stages, args });
    }
    stages.set(stage.name, image);
    last = image;
  }
  if (!last) throw new Failure('The Dockerfile has no stage.');
  return last;
}

/** @param {string} text */
const print = (text) => process.stdout.write(`image: ${text}\n`);

/** @param {Image | undefined} base @param {string} root @returns {Image} */
function startFrom(base, root) {
  mkdirSync(root, { recursive: true });
  if (base) cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
  return { cwd: '/', env: {}, variables: {}, ...base, root, commands: { start: [], health: [] } };
}

/** @param {Image} image @param {string} path */
const within = (image, path) =>
  join(image.root, path.startsWith('/') ? path : join(image.cwd, path));

/** @type {Record<string, InstructionHandler>} */
const HANDLERS = {
  ARG(image, name, { args }) {
    image.variables = { ...image.variables, [name]: args[name] };
  },
  ENV(image, text) {
    const pairs = text.split(/\s+/).map((pair) => pair.split('='));
    image.env = { ...image.env, ...Object.fromEntries(pairs) };
  },
  WORKDIR(image, text) {
    image.cwd = join(image.cwd, substitute(text, image.variables));
    mkdirSync(within(image, '.'), { recursive: true });
  },
  COPY(image, text, { stages }) {
    const words = substitute(text, image.variables).split(/\s+/);
    const from = words[0].startsWith('--from=') ? words.shift()?.slice(7) : undefined;
    const target = words.pop() ?? '.';
    const stage = from === undefined ? undefined : stages.get(from);
    for (const source of words) copy({ source, target, stage, image });
  },
  RUN(image, command) {
    if (command.includes('apt-get')) {
      print('RUN apt-get … (not run)');
      return;
    }
    const start = performance.now();
    const { status } = spawnSync('sh', ['-c', command], {
      cwd: within(image, '.'),
      env: { ...process.env, ...image.variables, ...image.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Failure(`"RUN ${command}" failed.`);
    print(`RUN ${command} (${secondsSince(start)} s)`);
  },
  CMD(image, text) {
    image.commands.start = JSON.parse(text);
  },
  HEALTHCHECK(image, text) {
    image.commands.health = JSON.parse(text.slice(text.indexOf('[')));
  },
};

/** @param {string} word @returns {InstructionHandler} */
function skip(word) {
  return (_image, text) => print(`${word} ${text} (not run)`);
}

/** @param {{ source: string, target: string, stage: Image | undefined, image: Image }} instruction */
function copy({ source, target, stage, image }) {
  const destination = within(image, target);
  if (stage) {
    cpSync(within(stage, source), destination, { recursive: true, verbatimSymlinks: true });
    return;
  }
  const isFile = statSync(join(ROOT, source)).isFile();
  copyFromContext(
    source,
    isFile && target.endsWith('/') ? join(destination, basename(source)) : destination,
  );
}

/**
 * Copies from the build context, which is the repository without what .dockerignore excludes.
 *
 * @param {string} source
 * @param {string} target
 */
function copyFromContext(source, target) {
  const isIgnored = ignoreRules(readFileSync(join(ROOT, '.dockerignore'), 'utf8'));
  cpSync(join(ROOT, source), target, {
    recursive: true,
    filter: (path) => !isIgnored(relative(ROOT, path).replaceAll('\\', '/')),
  });
}

/**
 * The last rule that matches counts. An ignored folder is not searched, because our exceptions do not need it.
 *
 * @param {string} text
 * @returns {(path: string) => boolean}
 */
function ignoreRules(text) {
  const rules = text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignores: !line.startsWith('!'), pattern: patternOf(line.replace('!', '')) }));
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.ignores ?? false;
}

/** @param {string} glob */
function patternOf(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `^${escaped.replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(.*/)?'))}$`,
  );
}

/**
 * Reads the part of the Dockerfile language that our file uses.
 *
 * @param {string} dockerfile
 * @returns {Stage[]}
 */
function stagesOf(dockerfile) {
  /** @type {Stage[]} */
  const stages = [];
  for (const { word, text } of instructionsOf(dockerfile)) {
    const [base, , name] = text.split(/\s+/);
    if (word === 'FROM') stages.push({ base, name, instructions: [] });
    else stages.at(-1)?.instructions.push({ word, text });
  }
  return stages;
}

/** @param {string} dockerfile @returns {Instruction[]} */
function instructionsOf(dockerfile) {
  const lines = dockerfile
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split(/\r?\n/)
    .map((line) => {
      const [, word = '', text = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { word, text };
    });
}

/**
 * Replaces `$APP` and `${APP}` by the values of ARG and ENV.
 *
 * @param {string} text
 * @param {Record<string, string>} variables
 */
function substitute(text, variables) {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, braced, bare) => {
    return variables[braced ?? bare] ?? '';
  });
}
