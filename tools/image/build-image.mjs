import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';
import { copyFromContext } from './context.mjs';
import { stagesOf, substitute } from './dockerfile.mjs';

/**
 * Carries out the Dockerfile with folders in place of images. What only Docker can do is left out, and said: base images,
 * packages of the distribution, the user. An absolute path is one within the stage's folder.
 *
 * @param {{ folder: string, args: Record<string, string> }} options
 * @returns the last stage: its root, working directory, environment and commands
 */
export function buildImage({ folder, args }) {
  const stages = new Map();
  let last;
  for (const [at, stage] of stagesOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).entries()) {
    const image = startFrom(stages.get(stage.base), join(folder, stage.name ?? `stage-${at}`));
    say(
      `FROM ${stage.base}${stages.has(stage.base) ? '' : ' (not fetched: this machine stands in for it)'}`,
    );
    for (const { word, text } of stage.instructions) {
      const carryOut = carriers[word] ?? notCarriedOut(word);
      carryOut(image, text, { stages, args });
    }
    stages.set(stage.name, image);
    last = image;
  }
  return last;
}

const say = (text) => process.stdout.write(`image: ${text}\n`);

function startFrom(base, root) {
  mkdirSync(root, { recursive: true });
  if (base) cpSync(base.root, root, { recursive: true, verbatimSymlinks: true });
  return { cwd: '/', env: {}, variables: {}, ...base, root, commands: {} };
}

const within = (image, path) =>
  join(image.root, path.startsWith('/') ? path : join(image.cwd, path));

const carriers = {
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
    const stage = words[0].startsWith('--from=') ? stages.get(words.shift().slice(7)) : undefined;
    const target = words.pop();
    for (const source of words) copy({ source, target, stage, image });
  },
  RUN(image, command) {
    if (command.includes('apt-get')) return notCarriedOut('RUN apt-get')(image, '…');
    const began = performance.now();
    const { status } = spawnSync('sh', ['-c', command], {
      cwd: within(image, '.'),
      env: { ...process.env, ...image.variables, ...image.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Failure(`"RUN ${command}" failed.`);
    say(`RUN ${command} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  },
  CMD(image, text) {
    image.commands.start = JSON.parse(text);
  },
  HEALTHCHECK(image, text) {
    image.commands.health = JSON.parse(text.slice(text.indexOf('[')));
  },
};

function notCarriedOut(word) {
  return (_image, text) => say(`${word} ${text} (not carried out)`);
}

function copy({ source, target, stage, image }) {
  const destination = within(image, target);
  if (!stage) {
    const isFile = statSync(join(ROOT, source)).isFile();
    return copyFromContext(
      source,
      isFile && target.endsWith('/') ? join(destination, basename(source)) : destination,
    );
  }
  cpSync(within(stage, source), destination, { recursive: true, verbatimSymlinks: true });
}
