import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { ROOT } from '../workspace.mjs';
import { lockWith, manifestOf } from './manifest.mjs';
import { namesOf } from './names.mjs';
import { portOf } from './port.mjs';
import { registrations } from './registrations.mjs';
import { filled } from './template.mjs';

/**
 * Works out every file before the first is written: what cannot be done changes nothing.
 *
 * @param {{ name: string, port?: string, one?: string }} wishes
 * @throws {Failure} that says what is in the way
 */
export async function createService({ port, ...wishes }) {
  const names = { ...namesOf(wishes), port: portOf(port), stamp: Date.now() };
  const manifest = manifestOf(names.many);
  const folder = `apps/${names.many}`;
  const added = new Map([
    [`${folder}/package.json`, JSON.stringify(manifest, null, 2)],
    ...[...filled(names)].map(([path, text]) => [`${folder}/${path}`, text]),
  ]);
  const changed = new Map([...registrations(names), ['package-lock.json', lockWith(manifest)]]);
  const files = await Promise.all([...added, ...changed].map(formatted));
  for (const [path, text] of files) write(path, text);
  announce(names, { added, changed });
}

/** As `npm run format` would leave it. */
async function formatted([path, text]) {
  const file = join(ROOT, path);
  const { inferredParser: parser } = await getFileInfo(file);
  const isOurs = parser !== null && path !== 'package-lock.json';
  return [path, isOurs ? await format(text, { ...(await resolveConfig(file)), parser }) : text];
}

function write(path, text) {
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function announce({ many, port }, { added, changed }) {
  process.stdout.write(`
Made apps/${many}: ${added.size} files. It answers on port ${port}, keeps a table of its own and
has the scopes ${many}:read and ${many}:write, which people who log in get.

Changed:
${[...changed.keys()].map((path) => `  ${path}`).join('\n')}

Next:
  npm install                     links it into node_modules
  npx nx test ${many}
  npm start                       and then http://localhost:${port}/docs
  npm run docs:build              its settings and scopes get into the documents

Then make it yours: the columns, the scopes and their sentences in apps/${many}/src/${many}.scopes.ts.
By hand, where you need them: sentences for the consent page (apps/auth/src/pages/texts), the list of
resource servers in apps/e2e/test/audiences.spec.ts, and deploy/k8s.
`);
}
