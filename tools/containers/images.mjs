import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { secondsSince } from '../terminal/output.mjs';
import { APPS, ROOT } from '../workspace.mjs';
import { inFolder } from './base-images.mjs';
import { check, print } from './engine.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */

const MEGABYTE = 1_000_000;
/** In parts of the size that docs/docker.md states. */
const TOLERANCE = 0.1;

/**
 * Builds the image of each app, and compares the size of what the Dockerfile adds to its base with the document.
 *
 * @param {Engine} engine
 */
export async function buildImages(engine) {
  const documented = readFileSync(join(ROOT, 'docs/docker.md'), 'utf8');
  for (const app of APPS) {
    const start = performance.now();
    const tag = ['--build-arg', `APP=${app}`, '--tag', `gatehouse-${app}`];
    await inFolder(async (folder) => {
      await engine.run('build', ...ofThisMachine(engine, folder), ...tag, '.');
    });
    const added = Math.round((await addedBytes(engine, `gatehouse-${app}`)) / MEGABYTE);
    print(`gatehouse-${app}: built in ${secondsSince(start, 0)} s, ${added} MB above node:24-slim`);
    const [, stated] = new RegExp(`^\\| ${app} +\\| +(\\d+) MB`, 'm').exec(documented) ?? [];
    const isNear = Math.abs(added - Number(stated)) <= Number(stated) * TOLERANCE;
    check(isNear, `docs/docker.md states the size of ${app}, ${added} MB, and not ${stated}`);
  }
}

/** @param {Engine} engine @param {string} image */
async function addedBytes(engine, image) {
  const [own, base] = await Promise.all(
    [image, 'node:24-slim'].map((name) =>
      engine.run('image', 'inspect', '--format', '{{.Size}}', name),
    ),
  );
  return Number(own) - Number(base);
}

/**
 * Podman's builds see neither the certificates nor the npm cache of this machine, and its own format has no health checks. With
 * the headers of the base image, node-gyp fetches none. Nothing of this is in the image.
 *
 * @param {Engine} engine
 * @param {string} folder for a configuration of npm
 */
function ofThisMachine({ name }, folder) {
  if (name === 'docker') return [];
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  const npmrc = join(folder, 'npmrc');
  writeFileSync(
    npmrc,
    `nodedir=/usr/local\n${certificates ? 'cafile=/etc/certificates.crt\n' : ''}`,
  );
  const volumes = [`${npmrc}:/root/.npmrc:ro`, `${npmCache()}:/root/.npm`];
  if (certificates) volumes.push(`${certificates}:/etc/certificates.crt:ro`);
  const options = volumes.flatMap((volume) => ['--volume', volume]);
  return ['--format', 'docker', '--network=host', '--layers', ...options];
}

function npmCache() {
  const cache = join(homedir(), '.npm');
  mkdirSync(cache, { recursive: true });
  return cache;
}
