/**
 * `npm run new:service -- parcels`: makes a resource server from tools/new-service/template, and adds it to auth's defaults, to
 * `npm start` and to Compose. This is our own code and not an Nx generator, because most of it edits TypeScript and YAML files,
 * for which @nx/devkit has no help.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { DEFAULT_PORTS, ROOT } from '../workspace.mjs';
import { lockFileWith, manifestOf, registrations } from './registrations.mjs';
import { filledTemplate, namesOf } from './template.mjs';

export const command = defineCommand({
  usage: `Usage: npm run new:service -- <name> [<options>]   makes a resource server, such as parcels

  --port <number>   the port of the service; by default the next free one
  --one <word>      the singular of the name, unless it is the name without its s`,
  options: { port: { type: 'string' }, one: { type: 'string' } },
  allowPositionals: true,
  run: (values, positionals) => {
    if (positionals.length !== 1) throw new UsageError('Give one name.');
    return createService({ ...values, name: positionals[0] });
  },
});

/**
 * Prepares every file before it writes the first, so that a failure changes nothing.
 *
 * @param {{ name: string, port?: string, one?: string }} options
 * @throws {Failure}
 */
async function createService({ port, ...options }) {
  const names = { ...namesOf(options), port: portFrom(port), stamp: Date.now() };
  const manifest = manifestOf(names.many);
  const folder = `apps/${names.many}`;
  const added = new Map([
    [`${folder}/package.json`, JSON.stringify(manifest, null, 2)],
    ...[...filledTemplate(names)].map(
      ([path, text]) => /** @type {[string, string]} */ ([`${folder}/${path}`, text]),
    ),
  ]);
  const changed = new Map([...registrations(names), ['package-lock.json', lockFileWith(manifest)]]);
  const files = await Promise.all([...added, ...changed].map(formatted));
  for (const { path, text } of files) write(path, text);
  printResult(names, { added, changed });
}

/**
 * @param {string | undefined} text
 * @throws {Failure} when it is not a port, or the port of another app
 */
function portFrom(text) {
  const port = text === undefined ? Math.max(...Object.values(DEFAULT_PORTS)) + 1 : Number(text);
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    throw new Failure(`--port must be a number from 1024 to 65535, not "${text}".`);
  }
  const [owner] = Object.entries(DEFAULT_PORTS).find(([, taken]) => taken === port) ?? [];
  if (owner) throw new Failure(`Port ${port} is that of ${owner}. Choose another one by --port.`);
  return port;
}

/** Formats as `npm run format` does. @param {[path: string, text: string]} entry */
async function formatted([path, text]) {
  const file = join(ROOT, path);
  const { inferredParser: parser } = await getFileInfo(file);
  if (!parser || path === 'package-lock.json') return { path, text };
  return { path, text: await format(text, { ...(await resolveConfig(file)), parser }) };
}

/** @param {string} path @param {string} text */
function write(path, text) {
  const file = join(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/**
 * @param {{ many: string, port: number }} names
 * @param {Record<'added' | 'changed', Map<string, string>>} files
 */
function printResult({ many, port }, { added, changed }) {
  process.stdout.write(`
Made apps/${many}: ${added.size} files. It listens on port ${port}, has its own table and the scopes
${many}:read and ${many}:write, which users get when they log in.

Changed:
${[...changed.keys()].map((path) => `  ${path}`).join('\n')}

Next:
  npm install                     links it into node_modules
  npx nx test ${many}
  npm start                       and then http://localhost:${port}/docs
  npm run docs:build              adds its settings and scopes to the documents

Then make it yours: the columns, the scopes and their sentences in apps/${many}/src/${many}.scopes.ts.
Change by hand, if you use them: the sentences of the consent page (apps/auth/src/pages/texts), the list of
resource servers in apps/e2e/test/flows/audiences.slow.spec.ts, and deploy/k8s.
`);
}
