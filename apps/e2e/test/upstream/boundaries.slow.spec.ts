import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, parse, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

describe('npm run lint', () => {
  const environment = 'no-restricted-properties';
  const imports = '@typescript-eslint/no-restricted-imports';

  /** By the file in which the code is planted: the code, and the rule that must refuse it. */
  const refused: Readonly<Record<string, readonly (readonly [code: string, rule: string])[]>> = {
    'libs/guards/src/index.ts': [
      [`export const x = process.env['X'];`, environment],
      [`export const { env } = process;`, environment],
      [`export { env } from 'node:process';`, imports],
    ],
    'apps/orders/src/main.ts': [
      [`Promise.reject(new Error('lost'));`, '@typescript-eslint/no-floating-promises'],
      [`export const x: any = 1;`, '@typescript-eslint/no-explicit-any'],
      [
        `export function f(a: 1, b: 1, c: 1, d: 1) { return [a, b, c, d]; }`,
        'no-restricted-syntax',
      ],
    ],
  };

  /** Code that no rule may refuse. */
  const accepted: Readonly<Record<string, string>> = {
    'libs/guards/src/index.ts': `import 'rxjs';\nimport 'node:crypto';`,
    'apps/orders/src/main.ts': `import '@gatehouse/guards';\nexport const x = process.env['X'];`,
  };

  const refusedPlants = Object.entries(refused).flatMap(([filePath, plants]) =>
    plants.map(([code, rule]) => ({ filePath, text: code, rule })),
  );
  const acceptedPlants = Object.entries(accepted).map(([filePath, code]) => {
    return { filePath, text: code };
  });
  let rulesOf: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    rulesOf = await lint([...refusedPlants, ...acceptedPlants]);
  }, 120_000);

  it.each(refusedPlants)('refuses in $filePath: $text', ({ rule, ...plant }) => {
    expect(rulesOf.get(keyOf(plant))).toContain(rule);
  });

  it.each(acceptedPlants)('accepts in $filePath: $text', (plant) => {
    expect(rulesOf.get(keyOf(plant))).toEqual([]);
  });
});

describe('dependency-cruiser', () => {
  const AUTH = 'apps/auth/src';

  /** Files of a workspace in which every rule is broken: imports by path, and the rule that must refuse the first. */
  const refused: readonly (readonly [path: string, target: string, rule: string])[] = [
    [`${AUTH}/oauth/cycle-one.ts`, './cycle-two.js', 'no-circular'],
    [`libs/persistence/src/one/a.ts`, '../two/b.js', 'no-circular-folders'],
    [`${AUTH}/oauth/nothing.ts`, './does-not-exist.js', 'no-unresolvable'],
    [`${AUTH}/oauth/undeclared.ts`, 'acorn', 'no-undeclared-package'],
    ['apps/orders/src/neighbour.ts', '../../billing/src/invoice.js', 'apps-import-no-app'],
    [
      'libs/guards/src/neighbour.ts',
      '../../persistence/src/index.js',
      'libraries-import-no-project',
    ],
    [
      'libs/persistence/src/upwards.ts',
      '../../../apps/orders/src/order.js',
      'libraries-import-no-project',
    ],
    ['apps/orders/src/tool.ts', '../../../tools/workspace.mjs', 'products-import-no-tools'],
    [
      'apps/orders/src/made-up.ts',
      '../../../libs/guards/testing/index.js',
      'sources-import-no-test-support',
    ],
    ['apps/web/client/src/page.tsx', '../../src/session.js', 'browser-client-apart'],
    ['apps/web/src/session.ts', '../client/src/page.js', 'browser-client-apart'],
    ['apps/orders/src/orders/order.service.ts', 'fastify', 'http-at-the-edge'],
    [`${AUTH}/oauth/token/code.grant.ts`, 'node:http', 'http-at-the-edge'],
    ['libs/guards/src/store.ts', 'typeorm', 'guards-packages'],
    ['libs/guards/testing/store.ts', '@nestjs/testing', 'guards-packages'],
    ['libs/guards/src/websockets/store.ts', 'typeorm', 'guards-packages-websockets'],
    ['libs/guards/src/core/module.ts', '@nestjs/common', 'guards-core'],
    ['libs/guards/src/core/adapter.ts', '../nest/guard.js', 'guards-core'],
    ['libs/guards/src/core.ts', './nest/guard.js', 'guards-core-entry'],
    [`${AUTH}/tokens/upwards.ts`, '../clients/client.js', 'auth-order-tokens'],
    [`${AUTH}/pages/upwards.ts`, '../oauth/codes.js', 'auth-order-pages'],
    [`${AUTH}/helpers/unknown.ts`, '../platform/secrets.js', 'auth-known-folders'],
    [`${AUTH}/tokens/top.ts`, '../app.module.js', 'auth-top-level-files'],
    [`${AUTH}/oauth/token/refresh-token.grant.ts`, './code.grant.js', 'grants-are-independent'],
  ];

  const accepted: readonly (readonly [path: string, target: string])[] = [
    [`${AUTH}/oauth/downwards.ts`, '../tokens/signer.js'],
    [`${AUTH}/oauth/login.controller.ts`, 'fastify'],
    [`${AUTH}/tokens/configured.ts`, '../auth.config.js'],
    [`${AUTH}/ops/seed.ts`, '../database.js'],
    [`${AUTH}/database.ts`, './clients/client.js'],
    ['apps/orders/src/guarded.ts', '../../../libs/guards/src/index.js'],
    ['apps/orders/test/order.spec.ts', '../../../libs/guards/testing/index.js'],
    ['libs/guards/src/graphql/guard.ts', 'graphql'],
    ['libs/guards/src/core/keys.ts', 'jwks-rsa'],
  ];

  let violations: readonly Violation[];

  beforeAll(async () => {
    violations = await cruiseFiles([
      ...[...refused, ...accepted].map(([path, target]) => ({ path, target })),
      { path: `${AUTH}/oauth/cycle-two.ts`, target: './cycle-one.js' },
      { path: 'libs/persistence/src/two/b.ts', target: '../one/c.js' },
    ]);
  }, 60_000);

  it.each(refused)('refuses that %s imports %s (%s)', (path, _target, rule) => {
    // A cycle of folders is reported for the folder.
    const from = rule === 'no-circular-folders' ? dirname(path) : path;
    expect(rulesBrokenBy(from)).toContain(rule);
  });

  it.each(accepted)('accepts that %s imports %s', (path) => {
    expect(rulesBrokenBy(path)).toEqual([]);
  });

  it('finds no violation in this repository', async () => {
    const found = await cruise(root);
    expect(found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  }, 120_000);

  const rulesBrokenBy = (path: string): string[] =>
    violations.filter(({ from }) => from === path).map(({ rule }) => rule.name);
});

describe('names of files and folders', () => {
  const vague = new Set(['common', 'shared', 'utils', 'types', 'helpers']);
  const isVague = (path: string) => path.split(sep).some((part) => vague.has(nounOf(part)));

  it('recognises vague names', () => {
    const paths = [
      ['libs', 'common'],
      ['apps', 'auth', 'src', 'utils.ts'],
      ['a', 'b.types.ts'],
    ];
    expect(paths.map((parts) => isVague(parts.join(sep)))).toEqual([true, true, true]);
  });

  it.each(['apps', 'libs', 'tools'])(
    'finds no vague name of a file or folder in %s',
    async (kind) => {
      const generated = /(^|[\\/])(node_modules|dist)([\\/]|$)/;
      const paths = await readdir(`${root}/${kind}`, { recursive: true, encoding: 'utf8' });
      expect(paths.filter((path) => !generated.test(path) && isVague(path))).toEqual([]);
    },
  );
});

interface Plant {
  readonly filePath: string;
  readonly text: string;
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

const keyOf = ({ filePath, text: code }: Plant): string => `${filePath}\n${code}`;

/** `login.types.ts` is about types. */
function nounOf(part: string): string {
  return parse(part).name.split('.').at(-1) ?? '';
}

/** Lints planted code in a process of its own, as `npm run lint` does. */
async function lint(plants: readonly Plant[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = await outputOf(
    [join(root, 'apps/e2e/test/support/lint-texts.mjs')],
    JSON.stringify(plants),
  );
  const findings: readonly { readonly ruleId: string }[][] = JSON.parse(output);
  return new Map(
    plants.map((plant, at) => [keyOf(plant), (findings[at] ?? []).map(({ ruleId }) => ruleId)]),
  );
}

/** Checks files with one import each, in a folder of their own. Imported files that are missing are created. */
async function cruiseFiles(
  files: readonly { readonly path: string; readonly target: string }[],
): Promise<readonly Violation[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-boundaries-'));
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const texts = new Map([
      ['package.json', JSON.stringify({ dependencies: Object.fromEntries(DECLARED) })],
      ['tsconfig.base.json', '{ "compilerOptions": { "module": "NodeNext" } }'],
    ]);
    for (const { path, target } of files) {
      texts.set(path, `import type {} from '${target}';\nimport '${target}';\n`);
    }
    for (const { path, target } of files) {
      const source = join(dirname(path), target).replace(/\.js$/, '.ts');
      const isFile = target.startsWith('.') && !target.includes('does-not-exist');
      if (isFile && !texts.has(source)) texts.set(source, 'export {};\n');
    }
    texts.set('libs/persistence/src/one/c.ts', 'export {};\n');
    for (const [path, code] of texts) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), code);
    }
    return await cruise(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const DECLARED = [
  'fastify',
  'typeorm',
  'graphql',
  'jwks-rsa',
  '@nestjs/common',
  '@nestjs/testing',
].map((name) => [name, '*'] as const);

async function cruise(cwd: string): Promise<readonly Violation[]> {
  const command = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const folders = ['apps', 'libs', ...(cwd === root ? ['tools', 'bench'] : [])];
  const options = ['--config', config, '--output-type', 'json', ...folders];
  const output = await outputOf([command, ...options], '', cwd);
  const { summary }: { readonly summary: { readonly violations: Violation[] } } =
    JSON.parse(output);
  return summary.violations;
}

/** Standard output of a Node script. */
async function outputOf(words: readonly string[], input: string, cwd = root): Promise<string> {
  const child = spawn(process.execPath, words, { cwd });
  child.stdin.end(input);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (output === '') throw new Error(errors);
  return output;
}
