import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { parse, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const projects = '@nx/enforce-module-boundaries';
const folders = 'no-restricted-imports';
const edges = '@typescript-eslint/no-restricted-imports';
const environment = 'no-restricted-properties';

/** By the file that they are planted in, which keeps its contents: what may not be written, and the rule that says so. */
const violations: Readonly<Record<string, readonly (readonly [code: string, rule: string])[]>> = {
  'libs/guards/src/guards.module.ts': [
    [`import 'typeorm';`, projects],
    [`import '@nestjs/testing';`, projects],
    [`import 'a-package-that-nobody-declares';`, projects],
    [`import '@gatehouse/persistence';`, projects],
    [`import '../../persistence/src/index.js';`, projects],
    [`export const x = process.env['X'];`, environment],
    [`export const { env } = process;`, environment],
    [`export { env } from 'node:process';`, edges],
    [`import '../testing/index.js';`, edges],
  ],
  'libs/persistence/src/index.ts': [
    [`import '@gatehouse/service-kit';`, projects],
    [`import '@gatehouse/orders';`, projects],
  ],
  'apps/orders/src/main.ts': [
    [`import '@gatehouse/billing';`, projects],
    [`import '../../billing/src/main.js';`, projects],
    [`import '@gatehouse/guards/testing';`, edges],
    [`Promise.reject(new Error('lost'));`, '@typescript-eslint/no-floating-promises'],
    [`export const x: any = 1;`, '@typescript-eslint/no-explicit-any'],
    [`export function f(a: 1, b: 1, c: 1, d: 1) { return [a, b, c, d]; }`, 'no-restricted-syntax'],
  ],
  'apps/auth/src/token/client-credentials.grant.ts': [
    [`import './refresh-token.grant.js';`, folders],
    [`import '../login/login.service.js';`, folders],
    [`export type { FastifyRequest } from 'fastify';`, edges],
  ],
  'apps/auth/src/keys/jwt-signer.ts': [[`import '../clients/client.entity.js';`, folders]],
  'apps/auth/src/clients/clients.ts': [[`import '../token/access-tokens.js';`, folders]],
  'apps/auth/src/login/login.service.ts': [[`import '@fastify/cookie';`, edges]],
};

/** The other side of the same lines: a rule that refuses everything would pass the list above. */
const allowed: Readonly<Record<string, string>> = {
  'libs/guards/src/guards.module.ts': `import 'rxjs';\nimport 'node:crypto';`,
  'apps/orders/src/main.ts': `import '@gatehouse/guards';\nexport const x = process.env['X'];`,
  'apps/auth/src/token/client-credentials.grant.ts': `import '../clients/client.entity.js';`,
  'apps/auth/src/login/login.service.ts': `import '../token/access-tokens.js';`,
  'apps/auth/src/login/login.controller.ts': `import 'fastify';`,
  'apps/auth/src/database/auth-database.ts': `import '../keys/signing-key.entity.js';`,
  'apps/orders/test/mothers.ts': `import '@gatehouse/guards/testing';`,
};

const planted = Object.entries(violations).flatMap(([filePath, plants]) =>
  plants.map(([code, rule]) => ({ filePath, text: code, rule })),
);
const spared = Object.entries(allowed).map(([filePath, code]) => ({ filePath, text: code }));

describe('the boundaries of ARCHITECTURE §1', () => {
  let rulesOf: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    rulesOf = await lint([...planted, ...spared]);
  }, 120_000);

  it.each(planted)('$filePath may not have: $text', ({ rule, ...plant }) => {
    expect(rulesOf.get(keyOf(plant))).toContain(rule);
  });

  it.each(spared)('$filePath may have: $text', (plant) => {
    expect(rulesOf.get(keyOf(plant))).toEqual([]);
  });
});

describe('names (ARCHITECTURE §1)', () => {
  const vague = new Set(['common', 'shared', 'utils', 'types', 'helpers']);
  const isVague = (path: string) => path.split(sep).some((part) => vague.has(nounOf(part)));

  it('know a vague one when they see it', () => {
    const paths = [
      ['libs', 'common'],
      ['apps', 'auth', 'src', 'utils.ts'],
      ['a', 'b.types.ts'],
    ];
    expect(paths.map((parts) => isVague(parts.join(sep)))).toEqual([true, true, true]);
  });

  it.each(['apps', 'libs', 'tools'])(
    'of files and folders in %s say what they are about',
    (kind) => {
      const generated = /(^|[\\/])(node_modules|dist)([\\/]|$)/;
      const paths = readdirSync(`${root}/${kind}`, { recursive: true, encoding: 'utf8' });
      expect(paths.filter((path) => !generated.test(path) && isVague(path))).toEqual([]);
    },
  );
});

interface Plant {
  readonly filePath: string;
  readonly text: string;
}

const keyOf = ({ filePath, text: code }: Plant): string => `${filePath}\n${code}`;

/** `login.types.ts` is about types. */
function nounOf(part: string): string {
  return parse(part).name.split('.').at(-1) ?? '';
}

/** In a process of its own, which is what `npm run lint` is. */
async function lint(plants: readonly Plant[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const linter = spawn(process.execPath, ['tools/eslint/lint-texts.mjs'], { cwd: root });
  linter.stdin.end(JSON.stringify(plants));
  const [output, errors] = await Promise.all([text(linter.stdout), text(linter.stderr)]);
  if (output === '') throw new Error(errors);
  const findings: readonly { readonly ruleId: string }[][] = JSON.parse(output);
  return new Map(
    plants.map((plant, at) => [keyOf(plant), (findings[at] ?? []).map(({ ruleId }) => ruleId)]),
  );
}
