/**
 * `node tools/run.mjs containers [<part> …]`: builds the images by the Dockerfile and runs them as docker-compose.yml and the
 * Kubernetes manifests say, with Docker or Podman.
 */
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { ensureBaseImages } from './base-images.mjs';
import { checkCompose } from './compose.mjs';
import { Engine, print } from './engine.mjs';
import { buildImages } from './images.mjs';
import { checkKubernetes } from './kubernetes.mjs';
import { checkScale } from './scale.mjs';

/** @type {Record<string, (engine: Engine) => Promise<void>>} */
const PARTS = { compose: checkCompose, scale: checkScale, kubernetes: checkKubernetes };

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs containers [<part> …]   builds the images and runs them

Parts; all by default:
  compose      docker compose up on PostgreSQL, and the demo against it
  scale        two replicas of each app behind TLS, and one killed under load
  kubernetes   the pods of deploy/k8s, with their probes, users and limits`,
  options: {},
  allowPositionals: true,
  run: async (_values, names) => {
    const unknown = names.find((name) => !Object.hasOwn(PARTS, name));
    if (unknown) throw new UsageError(`There is no part "${unknown}".`);
    await checkContainers(names.length > 0 ? names : Object.keys(PARTS));
  },
});

/** @param {string[]} names */
async function checkContainers(names) {
  const engine = Engine.find();
  if (!engine) {
    print(
      'SKIPPED: neither Docker nor Podman runs here, so no image was built and none was started',
    );
    return;
  }
  await ensureBaseImages(engine);
  await buildImages(engine);
  for (const name of names) {
    const start = performance.now();
    await PARTS[name](engine);
    print(`${name}: ok (${secondsSince(start, 0)} s)`);
  }
}
