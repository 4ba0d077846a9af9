/**
 * `npm run new:service -- parcels`: makes a resource server from tools/new-service/template, and adds it to auth's defaults, to
 * `npm start` and to Compose. This is our own code and not an Nx generator, because most of it edits TypeScript and YAML files,
 * for which @nx/devkit has no help.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { HAS_AUTH, ROOT } from '../workspace.mjs';
import { addService } from './add-service.mjs';

export const command = defineCommand({
  usage: `Usage: npm run new:service -- <name> [<options>]   makes a resource server, such as parcels

  --port <number>   the port of the service; by default the next free one
  --one <word>      the singular of the name, unless it is the name without its s`,
  options: { port: { type: 'string' }, one: { type: 'string' } },
  allowPositionals: true,
  run: async (values, positionals) => {
    if (positionals.length !== 1) throw new UsageError('Give one name.');
    const [name] = positionals;
    const result = addService(ROOT, name, values);
    await format([...result.added, ...result.changed]);
    printResult(name, result);
  },
});

/**
 * Formats as `npm run format` does, because a long name needs other line breaks than the template. Before `npm ci` there is no
 * Prettier.
 *
 * @param {string[]} paths
 */
async function format(paths) {
  const prettier = await import('prettier').catch(() => undefined);
  if (!prettier) return;
  for (const path of paths) {
    const file = join(ROOT, path);
    const { inferredParser: parser } = await prettier.getFileInfo(file);
    if (!parser || path === 'package-lock.json') continue;
    const options = { ...(await prettier.resolveConfig(file)), parser };
    writeFileSync(file, await prettier.format(readFileSync(file, 'utf8'), options));
  }
}

/** @param {string} name @param {ReturnType<typeof addService>} result */
function printResult(name, { port, added, changed, absent }) {
  const users = HAS_AUTH
    ? `the scopes\n${name}:read and ${name}:write, which users get when they log in.`
    : `the scopes\n${name}:read and ${name}:write. Create them at the issuer, with the audience http://localhost:${port}.`;
  process.stdout.write(`
Made apps/${name}: ${added.length} files. It listens on port ${port}, has its own table and ${users}

Changed:
${changed.map((path) => `  ${path}`).join('\n')}
${absent.length > 0 ? `\nNot in this project, so not changed: ${absent.join(', ')}\n` : ''}
Next:
  npm install                     links it into node_modules
  npx nx test ${name}
  npm start                       and then http://localhost:${port}/docs
  npm run smoke                   calls it, while npm start runs
${nextSteps(name).join('\n')}
`);
}

/** @param {string} name */
const nextSteps = (name) => [
  '',
  `Then make it yours: the columns, the scopes and their sentences in apps/${name}/src/${name}.scopes.ts.`,
  ...(HAS_AUTH
    ? ['If you change scopes or sentences, change apps/auth/src/default-resource-servers.ts too.']
    : []),
  ...(existsSync(join(ROOT, 'tools/docs')) ? ['Then: npm run docs:build'] : []),
  ...(existsSync(join(ROOT, 'deploy/k8s')) ? ['Change by hand, if you use it: deploy/k8s.'] : []),
];
