import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { createTemporaryFolder } from '../support/cleanup.js';
import { ROOT } from '../support/workspace.js';

type Choices = Readonly<Record<string, unknown>> & { readonly name: string };
type Shapes = Readonly<Record<'minimal' | 'standard' | 'full', Choices>>;

/** The tools are JavaScript, and no project. */
interface Tools {
  readonly generate: (project: {
    readonly source: string;
    readonly target: string;
    readonly choices: Choices;
  }) => Promise<void>;
  readonly completeChoices: (given: Choices) => Choices;
  readonly SHAPES: Shapes;
  readonly sizeOf: (folder: string) => Readonly<Record<string, number>>;
  readonly readRecord: () => { readonly shapes: Readonly<Record<string, object>> };
  readonly OPTIONAL_PARTS: readonly string[];
  readonly lockFileFor: (text: string, manifests: Map<string, object>) => string;
  readonly addService: (root: string, name: string, options?: object) => unknown;
  readonly renamed: (text: string, names: { name: string; scope: string }) => string;
  readonly withImportsOfWidth: (text: string) => string;
}
const tools = {} as Tools;
// One after the other, because Jest links modules that are imported together in a wrong order.
for (const name of [
  'create/choices',
  'create/generate',
  'create/lock-file',
  'create/names',
  'create/shapes',
  'new-service/add-service',
]) {
  const url = new URL(`../../../../tools/${name}.mjs`, import.meta.url);
  Object.assign(tools, await import(url.href));
}
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
      expect(tools.readRecord().shapes[name]).toMatchObject(tools.sizeOf(folder));
    },
  );

  it('writes the same bytes for the same source and choices', async () => {
    const [one, other] = [await projectOf(SHAPES.minimal), await projectOf(SHAPES.minimal)];

    expect([...one]).toEqual([...other]);
  });

  it('writes a project without broken links and imports for any selection of parts', async () => {
    const choices = fc.record({
      name: fc.constantFrom('acme', 'a-much-longer-name-of-a-product'),
      auth: fc.constantFrom('own', 'external'),
      services: fc.constantFrom(['parcels'], ['parcels', 'shipping']),
      parts: fc.subarray([...OPTIONAL_PARTS]),
      libraryTests: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(choices, async ({ parts, ...others }) => {
        const isExternal = others.auth === 'external';
        const project = await projectOf(
          completeChoices({
            ...others,
            ...(isExternal && { issuer: 'https://issuer.example' }),
            parts: parts.filter((part) => !isExternal || part !== 'token-exchange'),
          }),
        );

        expect([...brokenLinks(project), ...brokenImports(project)]).toEqual([]);
      }),
      { numRuns: 2 },
    );
  });
});

describe('the choices of npm run create', () => {
  it.each<[string, object, RegExp]>([
    ['a name with capitals', { name: 'Acme' }, /name: .*such as acme.*not "Acme"/],
    ['the name of the starter', { name: 'gatehouse' }, /name: "gatehouse" is taken/],
    ['a scope without @', { scope: 'acme' }, /scope: .*such as @acme, not "acme"/],
    ['a service of two words', { services: ['my parcels'] }, /services: .*not "my parcels"/],
    ['a service with a taken name', { services: ['auth'] }, /services: .*not "auth"/],
    ['no service', { services: [] }, /services: name at least one/],
    ['an unknown issuer of tokens', { auth: 'mine' }, /auth: own or external, not "mine"/],
    ['an external issuer without its address', { auth: 'external' }, /issuer: .*not ""/],
    ['an issuer by http', { auth: 'external', issuer: 'http://a.example' }, /issuer: .*https/],
    [
      'an issuer beside the own server',
      { issuer: 'https://a.example' },
      /only with --auth external/,
    ],
    ['an unknown database', { database: 'mysql' }, /database: sqlite or postgres, not "mysql"/],
    ['an unknown part', { parts: ['web'] }, /parts: "web" is unknown\. There are: dpop/],
    ['an unknown choice', { service: 'x' }, /Unknown choice "service"/],
  ])('names the value and a right one for %s', (_what, given, message) => {
    expect(() => completeChoices({ name: 'acme', ...given })).toThrow(message);
  });

  it('names all faults at once', () => {
    expect(() => completeChoices({ name: 'A', database: 'x' })).toThrow(/^name: .*\ndatabase: /);
  });
});

describe('npm run new:service', () => {
  it.each<[string, string, object, RegExp]>([
    ['two words', 'two words', {}, /one word/],
    ['a path', '../up', {}, /one word/],
    ['a vague name', 'shared', {}, /does not say/],
    ['the name of an app', 'orders', {}, /apps\/orders exists/],
    ['the name of a library', 'guards', {}, /libs\/guards exists/],
    ['a class of the template', 'modules', {}, /Module/],
    ['the port of another app', 'parcels', { port: '3001' }, /that of orders/],
    ['a port that is no number', 'parcels', { port: 'many' }, /--port must be/],
  ])('refuses %s and changes nothing', (_what, name, options, reason) => {
    expect(() => tools.addService(ROOT, name, options)).toThrow(reason);
  });
});

describe('the names of a project', () => {
  const names = { name: 'acme-shop', scope: '@acme' };

  it.each([
    ["import x from '@gatehouse/guards';", "import x from '@acme/guards';"],
    ['image: gatehouse-auth', 'image: acme-shop-auth'],
    ["title: 'Gatehouse: auth'", "title: 'Acme Shop: auth'"],
    ['dropdb gatehouse_restored', 'dropdb acme-shop_restored'],
    ['ada@gatehouse.example', 'ada@gatehouse.example'],
    ['https://auth.gatehouse.example', 'https://auth.gatehouse.example'],
    ['.gatehouse.json', '.gatehouse.json'],
  ])('replaces the names in %s where they name the product', (text, expected) => {
    expect(tools.renamed(text, names)).toBe(expected);
  });

  it('joins an import that fits on one line, and splits one that does not', () => {
    const short = "import {\n  one,\n  other,\n} from '@a/b';\n";
    const long = `import { ${'x'.repeat(50)}, ${'y'.repeat(50)} } from '@a/b';\n`;

    expect(tools.withImportsOfWidth(short)).toBe("import { one, other } from '@a/b';\n");
    expect(tools.withImportsOfWidth(long)).toBe(
      `import {\n  ${'x'.repeat(50)},\n  ${'y'.repeat(50)},\n} from '@a/b';\n`,
    );
  });
});

describe('the lock file of a project', () => {
  it('keeps every package and mark of npm when no package leaves', () => {
    const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text);
    const folders = Object.keys(packages).filter((place) => !place.includes('node_modules'));
    const manifests = folders
      .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
      .map((folder): [string, object] => [
        folder,
        JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')),
      ]);

    expect(JSON.parse(tools.lockFileFor(text, new Map(manifests))).packages).toEqual(packages);
  });
});
