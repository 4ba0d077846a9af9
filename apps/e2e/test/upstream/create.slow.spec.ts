import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { createTemporaryFolder } from '../support/cleanup.js';
import { type Choices, createTools } from '../support/create-tools.js';
import { ROOT } from '../support/workspace.js';

const tools = await createTools();
const { completeChoices, OPTIONAL_PARTS, SHAPES } = tools;

async function createProject(choices: Choices): Promise<string> {
  const target = join(await createTemporaryFolder(), 'project');
  await tools.generate({ source: ROOT, target, choices });
  return target;
}

/** The files of a project by path. */
const projectOf = async (choices: Choices): Promise<Map<string, string>> =>
  textsIn(await createProject(choices));

function textsIn(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [
      file.slice(folder.length + 1).replaceAll('\\', '/'),
      readFileSync(file, 'utf8'),
    ]),
  );
}

const LINK = /\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)/g;

function brokenLinks(project: ReadonlyMap<string, string>): string[] {
  const folders = new Set([...project.keys()].flatMap(foldersOf));
  return [...project]
    .filter(([path]) => path.endsWith('.md'))
    .flatMap(([path, text]) =>
      [...text.replace(/^```[^]*?^```/gm, '').matchAll(LINK)]
        .map(([, target = '']) => join(dirname(path), target).replaceAll('\\', '/'))
        .filter((target) => !project.has(target) && !folders.has(target.replace(/\/$/, '')))
        .map((target) => `${path}: ${target}`),
    );
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** Scripts that a text tells the reader to run, and that package.json does not have. */
function missingScripts(project: ReadonlyMap<string, string>): string[] {
  const { scripts } = JSON.parse(project.get('package.json') ?? '');
  return [...project]
    .filter(([path]) => !path.endsWith('.spec.ts') && path !== 'package-lock.json')
    .flatMap(([path, text]) =>
      [...text.matchAll(/\bnpm run ([a-z][a-z:]*)/g)]
        .filter(([, name = '']) => !Object.hasOwn(scripts, name) && name !== 'x')
        .map(([line]) => `${path}: ${line}`),
    );
}

/** Where the name of the starter may stay. */
const KEPT_NAME = /gatehouse\.example|\.gatehouse\.json|LICENSE\.gatehouse|\.gatehouse-guards/gi;
const ABOUT_THE_STARTER = ['LICENSE.gatehouse', 'README.md', 'package.json'];

function leftNames(project: ReadonlyMap<string, string>): string[] {
  return [...project]
    .filter(([path]) => !ABOUT_THE_STARTER.includes(path))
    .flatMap(([path, text]) =>
      text
        .replace(KEPT_NAME, '')
        .split('\n')
        .filter((line) => /gatehouse/i.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
}

/** Imports of files that are not there. */
function brokenImports(project: ReadonlyMap<string, string>): string[] {
  return [...project]
    .filter(([path]) => /\.(ts|mjs)$/.test(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(/^(?:import|export)\b[^;'"`]*?(?:from|import) '(\.[^']+)'/gm)]
        .map(([, target = '']) => join(dirname(path), target).replaceAll('\\', '/'))
        .filter((target) => !project.has(target) && !project.has(target.replace(/\.js$/, '.ts')))
        .map((target) => `${path}: ${target}`),
    );
}

const NAMES_OF_WEB =
  /apps\/web\b|back office\b|the shop\b|SHOP_PORT|\bVite\b|\b(of|and) web\b(?! and)/g;

const NEED_AUTH = ['token-exchange', 'docker', 'kubernetes'];

/** Most commits change some lines, so the record may differ by two percent. */
const ALMOST_ONE: unknown = expect.closeTo(1, 1.4);

describe('npm run create', () => {
  it.each(Object.entries(SHAPES))(
    'writes the shape %s without broken links, imports, scripts and names, and of the stated size',
    async (name, choices) => {
      const folder = await createProject(choices);
      const project = textsIn(folder);

      expect(brokenLinks(project)).toEqual([]);
      expect(brokenImports(project)).toEqual([]);
      expect(missingScripts(project)).toEqual([]);
      expect(leftNames(project)).toEqual([]);
      // The table of README.md. To correct it: node tools/run.mjs create-check --sizes && npm run docs:build
      const recorded = tools.readRecord().shapes[name] ?? {};
      for (const [what, size] of Object.entries(tools.sizeOf(folder))) {
        expect({ what, ratio: (recorded[what] ?? 0) / size }).toEqual({ what, ratio: ALMOST_ONE });
      }
    },
  );

  it.each([
    ['with orders and billing', true],
    ['without samples', false],
  ])('writes no file that names apps/web for a project %s but not web', async (_what, samples) => {
    const parts = OPTIONAL_PARTS.filter((part) => part !== 'web');
    const project = await projectOf(
      completeChoices({ name: 'acme', samples, parts, libraryTests: samples }),
    );

    const traces = [...project].flatMap(([path, text]) => [
      ...(/(^|\/)(web[./]|shop|back-office)/.test(path) ? [path] : []),
      ...[...text.matchAll(NAMES_OF_WEB)].map(([line]) => `${path}: ${line}`),
    ]);
    expect(traces).toEqual([]);
    expect(project.has('apps/orders/src/main.ts')).toBe(samples);
  });

  it('writes the same bytes for the same source and choices', async () => {
    const [one, other] = [await projectOf(SHAPES.minimal), await projectOf(SHAPES.minimal)];

    expect([...one]).toEqual([...other]);
  });

  it('writes a project without broken links and imports for any selection of parts', async () => {
    const choices = fc.record({
      name: fc.constantFrom('acme', 'a-much-longer-name-of-a-product'),
      auth: fc.constantFrom('own', 'external'),
      samples: fc.boolean(),
      services: fc.constantFrom(['parcels'], ['parcels', 'shipping']),
      parts: fc.subarray([...OPTIONAL_PARTS]),
      libraryTests: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(choices, async ({ parts, ...others }) => {
        const isExternal = others.auth === 'external';
        const samples = others.samples && !isExternal;
        const project = await projectOf(
          completeChoices({
            ...others,
            samples,
            ...(isExternal && { issuer: 'https://issuer.example' }),
            parts: parts
              .filter((part) => !isExternal || !NEED_AUTH.includes(part))
              .filter((part) => samples || part !== 'web'),
          }),
        );

        expect([...brokenLinks(project), ...brokenImports(project)]).toEqual([]);
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });
});
