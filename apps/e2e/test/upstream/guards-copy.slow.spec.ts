import { dirname, posix } from 'node:path';
import { Folder, GuardsLibrary } from '../support/guards-copies.js';

const library = GuardsLibrary.current;
const LIBRARY = 'src/guards';
const PARTS = [
  ...[
    'presets',
    'status',
    'metadata',
    'dpop',
    'introspection',
    'issuers-at-run-time',
    'passport',
    'open-api',
  ],
  ...['graphql', 'websockets', 'microservices', 'testing', 'tests', 'all'],
];

const RELATIVE = /\b(?:from |import |import\(|declare module )'(\.{1,2}\/[^']+)'/g;

/** Names of files that a copied source imports and that are not there. */
function missingImports(service: Folder): readonly string[] {
  return [...service.texts('.')].flatMap(([path, text]) => {
    if (!path.endsWith('.ts')) return [];
    const names = [...text.matchAll(RELATIVE)].map(([, name]) => name ?? '');
    return names
      .map((name) => posix.join(dirname(path), name).replace(/\.js$/, ''))
      .filter((target) => !service.has(`${target}.ts`));
  });
}

describe('guards:copy to a new service', () => {
  it('takes core and nest alone, in at most 45 files and 4,550 lines', async () => {
    const service = await Folder.withService();
    const { exit, output } = library.copyTo(service);
    const files = service.texts(LIBRARY);
    const sources = [...files].filter(([path]) => path.endsWith('.ts'));
    const lines = sources.reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0);

    expect(exit).toBe(0);
    expect(files.size).toBeLessThanOrEqual(45);
    expect(lines).toBeLessThanOrEqual(4550);
    expect(output).toContain(`${sources.length} source files, ${lines} lines`);
    expect(service.texts('test').size).toBe(0);
    expect(missingImports(service)).toEqual([]);
  });

  it.each(PARTS)('copies every file that the part %s imports', async (part) => {
    const service = await Folder.withService(['vitest']);
    const { exit } = library.copyTo(service, '--with', part);

    expect(exit).toBe(0);
    expect(missingImports(service)).toEqual([]);
  });

  it('leaves no line of a missing part in the lists of parts', async () => {
    const [small, large] = [await Folder.withService(), await Folder.withService()];
    library.copyTo(small);
    library.copyTo(large, '--with', 'dpop,status', '--with', 'presets');

    expect(small.read(`${LIBRARY}/index.ts`)).not.toContain('/presets/');
    expect(large.read(`${LIBRARY}/index.ts`)).toContain("'./presets/index.js'");
    expect(small.read(`${LIBRARY}/parts.ts`)).not.toMatch(/dpop|status/);
    expect(large.read(`${LIBRARY}/parts.ts`)).toContain("'./dpop/");
  });

  it('takes the part of a transport that the service declares, and says so', async () => {
    const service = await Folder.withService(['@nestjs/websockets']);
    const { output } = library.copyTo(service);

    expect(service.has(`${LIBRARY}/websockets/index.ts`)).toBe(true);
    expect(output).toContain('websockets, because the service declares @nestjs/websockets');
  });

  it('suggests the parts for packages that the service declares', async () => {
    const service = await Folder.withService(['@nestjs/passport', '@nestjs/swagger', 'vitest']);
    const { output } = library.copyTo(service);

    expect(output).toContain('--with passport');
    expect(output).toContain('--with open-api');
    expect(output).toContain('--with testing');
    expect(service.has(`${LIBRARY}/passport`)).toBe(false);
  });

  it('names the parts when it does not know one', async () => {
    const service = await Folder.withService();
    const { exit, output } = library.copyTo(service, '--with', 'dpop,oauth');

    expect(exit).toBe(1);
    expect(output).toContain('--with oauth: no such part. The parts are presets, status,');
    expect(service.has(LIBRARY)).toBe(false);
  });

  it('writes imports without extensions into a CommonJS service, so that Jest needs no mapping', async () => {
    const service = await Folder.withService(['jest'], 'commonjs');
    const { output } = library.copyTo(service, '--with', 'all');
    const sources = [...service.texts('.')].filter(([path]) => path.endsWith('.ts'));

    expect(missingImports(service)).toEqual([]);
    for (const [, text] of sources) expect(text).not.toMatch(/'\.{1,2}\/[^']*\.js'/);
    expect(output).toContain("from './guards';");
    expect(output).toContain('jwks-rsa@3');
    expect(output).not.toContain('moduleNameMapper');
  });

  it('asks a service with Jest to replace jwks-rsa 4, which Jest cannot load', async () => {
    const service = await Folder.withService(['jest'], 'commonjs');
    service.edit('package.json', (text) =>
      text.replace('"jest":', '"jwks-rsa": "^4.1.0",\n    "jest":'),
    );

    expect(library.copyTo(service).output).toMatch(/npm install .*jwks-rsa@3/);
  });

  it('refuses a folder that is not a recorded copy', async () => {
    const service = await Folder.withService();
    service.write(`${LIBRARY}/own.ts`, 'export {};\n');
    const { exit, output } = library.copyTo(service);

    expect(exit).toBe(1);
    expect(output).toContain('src/guards in');
    expect(output).toContain('no copy is recorded there');
    expect([...service.texts(LIBRARY).keys()]).toEqual([`${LIBRARY}/own.ts`]);
  });

  it('says that a service of JavaScript needs a tsconfig.json', async () => {
    const service = await Folder.withService();
    service.delete('tsconfig.json');
    const { output } = library.run(service.path, '--with', 'presets, ,status,', '--dry-run');

    expect(output).toContain('Make a tsconfig.json, because the copy is TypeScript');
    expect(output).toContain('"emitDecoratorMetadata": true');
  });

  it('refuses a folder that is not a Nest service', async () => {
    const { exit, output } = library.run('/nowhere/at/all');

    expect(exit).toBe(1);
    expect(output).toContain(
      '/nowhere/at/all does not exist. Give the folder of your Nest service',
    );
  });

  it('keeps every link of the copied README working', async () => {
    const service = await Folder.withService();
    library.copyTo(service);
    const readme = service.read(`${LIBRARY}/README.md`);
    const links = [...readme.matchAll(/\]\((?!\w+:|#)([^)#]+)/g)].map(([, path]) => path ?? '');

    expect(links).not.toEqual([]);
    expect(links.filter((path) => !service.has(posix.join(LIBRARY, path)))).toEqual([]);
  });
});

describe('guards:copy in a monorepo', () => {
  async function monorepo(): Promise<Folder> {
    const folder = await Folder.withService([], 'commonjs');
    folder.write('apps/api/src/main.ts', '');
    folder.writeJson('apps/api/tsconfig.app.json', { extends: '../../tsconfig.json' });
    return folder;
  }

  it('finds the package.json above the application', async () => {
    const folder = await monorepo();
    const { exit, output } = library.run(`${folder.path}/apps/api`);

    expect(exit).toBe(0);
    expect(folder.has('apps/api/src/guards/index.ts')).toBe(true);
    expect(output).toContain("import { GuardsModule } from './guards';");
  });

  it('refuses the root, which has no sources, and names the applications', async () => {
    const folder = await monorepo();
    folder.write('apps/worker/src/main.ts', '');
    const { exit, output } = library.run(folder.path);

    expect(exit).toBe(1);
    expect(output).toContain('is a monorepo with apps/api and apps/worker. Give the folder of one');
    expect(folder.has('src')).toBe(false);
    expect(library.run(folder.path, '--to', 'libs/guards/src').exit).toBe(0);
  });

  it('prints the import of a library folder as a path, or as its name in tsconfig.json', async () => {
    const folder = await monorepo();
    const api = `${folder.path}/apps/api`;
    const byPath = library.run(api, '--to', 'libs/guards/src');
    folder.edit('tsconfig.json', (text) =>
      text.replace('"target"', '"paths": { "@acme/auth": ["./libs/auth/src"] },\n    "target"'),
    );
    const byName = library.run(api, '--to', 'libs/auth/src');

    expect(byPath.output).toContain("from '../../../libs/guards/src';");
    expect(folder.has('libs/guards/src/index.ts')).toBe(true);
    expect(byName.output).toContain("from '@acme/auth';");
  });
});

describe('guards:copy and the tools of a service', () => {
  const ESLINT = "export default list(\n  {\n    ignores: ['eslint.config.mjs'],\n  },\n);\n";

  async function withTools(): Promise<Folder> {
    const service = await Folder.withService(['prettier', 'vitest']);
    service.write('eslint.config.mjs', ESLINT);
    service.writeJson('.oxlintrc.json', { rules: {} });
    service.edit('package.json', (text) =>
      text.replace('{', '{ "scripts": { "test": "vitest run" },'),
    );
    return service;
  }

  it('prints the ignore lines of every linter and test runner, and writes none', async () => {
    const service = await withTools();
    const { output } = library.copyTo(service, '--with', 'tests');

    expect(output).toContain("{ ignores: ['src/guards/**', 'test/guards/**'] },");
    expect(output).toContain('"ignorePatterns": ["src/guards/**","test/guards/**"],');
    expect(output).toContain('"test": "vitest run --exclude=test/guards/**",');
    expect(service.read('eslint.config.mjs')).toBe(ESLINT);
    expect(service.has('.prettierignore')).toBe(false);
  });

  it('writes them with --write, once', async () => {
    const service = await withTools();
    library.copyTo(service, '--with', 'tests', '--write');
    const written = service.texts('.');
    const { output } = library.copyTo(service, '--write');

    expect(written.get('eslint.config.mjs')).toContain(
      "ignores: ['src/guards/**', 'test/guards/**', 'eslint.config.mjs'],",
    );
    expect(JSON.parse(written.get('.oxlintrc.json') ?? '')).toEqual({
      rules: {},
      ignorePatterns: ['src/guards/**', 'test/guards/**'],
    });
    expect(written.get('.prettierignore')).toBe('src/guards/\ntest/guards/\n');
    expect(written.get('package.json')).toContain('"test": "vitest run --exclude=test/guards/**"');
    expect(output).not.toContain('ignore');
    expect(service.texts('.')).toEqual(written);
  });

  it('names the folder of TestIssuer to the linters, because it is no code of the service', async () => {
    const service = await withTools();
    const { output } = library.copyTo(service, '--with', 'testing', '--write');

    expect(service.read('.prettierignore')).toBe('src/guards/\ntest/guards/\n');
    expect(service.read('eslint.config.mjs')).toContain("'test/guards/**'");
    expect(output).not.toContain('--exclude');
  });

  it('names each configuration of Jest that would run the copied tests', async () => {
    const service = await Folder.withService(['jest'], 'commonjs');
    const e2e = { rootDir: '.', testRegex: '.e2e-spec.ts$' };
    service.writeJson('test/jest-e2e.json', e2e);
    service.writeJson('test/jest-all.json', { rootDir: '.' });
    service.write('jest.config.ts', "export default { rootDir: '.' };\n");
    const { output } = library.copyTo(service, '--with', 'tests', '--write');

    expect(output).toContain("testPathIgnorePatterns: ['/node_modules/', '/test/guards/'],");
    expect(output).toContain('Add to jest.config.ts');
    expect(output).toContain('Written to test/jest-all.json');
    expect(JSON.parse(service.read('test/jest-all.json'))).toEqual({
      rootDir: '.',
      testPathIgnorePatterns: ['/node_modules/', '/test/guards/'],
    });
    expect(JSON.parse(service.read('test/jest-e2e.json'))).toEqual(e2e);
  });
});

describe('guards:copy to a service that has a copy', () => {
  const FILE = 'core/access-token.ts';

  it('records the version, the commit, the parts and the hash of each file', async () => {
    const repository = await GuardsLibrary.withHistory();
    const service = await Folder.withService();
    repository.copyTo(service, '--with', 'dpop');
    const record = JSON.parse(service.read(`${LIBRARY}/.gatehouse-guards.json`));

    expect(record).toMatchObject({
      version: JSON.parse(library.read('libs/guards/package.json')).version,
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      parts: ['dpop'],
      without: [],
    });
    expect(record.files).toHaveProperty(['src/index.ts']);
  });

  it('changes nothing in a second run without changes of the library', async () => {
    const service = await Folder.withService();
    library.copyTo(service, '--with', 'status');
    const copied = service.texts('.');
    const { exit, output } = library.copyTo(service);

    expect(exit).toBe(0);
    expect(output).toContain('is up to date');
    expect(service.texts('.')).toEqual(copied);
  });

  it('keeps edits, merges them with changes of the library, and lists conflicts', async () => {
    const repository = await GuardsLibrary.withHistory();
    const service = await Folder.withService();
    repository.copyTo(service);
    const [merged = '', updated = ''] = [...service.texts(`${LIBRARY}/core`).keys()]
      .map((path) => path.slice(LIBRARY.length + 1))
      .filter((path) => path !== FILE);
    const conflict = FILE;
    service.edit(`${LIBRARY}/${merged}`, (text) => `${text}\n// ours, at the end\n`);
    service.edit(`${LIBRARY}/${conflict}`, (text) => `// ours\n${text}`);
    service.edit(`${LIBRARY}/index.ts`, (text) => `${text}// ours\n`);
    for (const path of [merged, conflict, updated]) {
      repository.edit(`libs/guards/src/${path}`, (text) => `// theirs\n${text}`);
    }
    repository.commit();
    const preview = repository.copyTo(service, '--dry-run');
    const before = service.texts('.');
    const { exit, output } = repository.copyTo(service);

    expect(preview.output).toContain(`conflict  ${LIBRARY}/${conflict}`);
    expect(before.get(`${LIBRARY}/${updated}`)).not.toContain('// theirs');
    expect(exit).toBe(1);
    expect(output).toContain(`merged    ${LIBRARY}/${merged}`);
    expect(output).toContain(`conflict  ${LIBRARY}/${conflict}: resolve the conflict markers`);
    expect(output).toContain(`kept      ${LIBRARY}/index.ts: your edits`);
    expect(output).toContain(`updated   ${LIBRARY}/${updated}`);
    expect(service.read(`${LIBRARY}/${merged}`)).toMatch(
      /^\/\/ theirs[^]*\/\/ ours, at the end\n$/,
    );
    expect(service.read(`${LIBRARY}/${conflict}`)).toMatch(
      /^<{7} yours\n\/\/ ours\n[^]*={7}\n\/\/ theirs\n>{7} Gatehouse\n/,
    );

    expect(repository.copyTo(service).output).toContain('it still has conflict markers');
    service.edit(`${LIBRARY}/${conflict}`, (text) =>
      text.replaceAll(/^(?:[<|>]{7}.*|={7})\n/gm, ''),
    );
    expect(repository.copyTo(service).exit).toBe(0);
  });

  it('removes files that the library no longer has, unless the service edited them', async () => {
    const repository = await GuardsLibrary.withHistory();
    const service = await Folder.withService();
    repository.write('libs/guards/src/core/old/one.ts', 'export {};\n');
    repository.write('libs/guards/src/core/two.ts', 'export {};\n');
    repository.edit(
      'libs/guards/src/index.ts',
      (text) => `import './core/old/one.js';\nimport './core/two.js';\n${text}`,
    );
    repository.copyTo(service);
    service.edit(`${LIBRARY}/core/two.ts`, (text) => `${text}// ours\n`);
    repository.edit('libs/guards/src/index.ts', (text) =>
      text.replace(/^(?:import '.*'.*\n)+/, ''),
    );
    const { exit, output } = repository.copyTo(service);

    expect(exit).toBe(1);
    expect(output).toContain(`removed   ${LIBRARY}/core/old/one.ts`);
    expect(output).toContain(`conflict  ${LIBRARY}/core/two.ts: you edited it`);
    expect(service.has(`${LIBRARY}/core/old`)).toBe(false);
    expect(service.has(`${LIBRARY}/core/two.ts`)).toBe(true);
  });

  it('puts the text of the library beside an edited file when the last copy has no commit', async () => {
    const service = await Folder.withService();
    const repository = await GuardsLibrary.withHistory();
    repository.copyTo(service);
    service.edit(`${LIBRARY}/.gatehouse-guards.json`, (text) =>
      text.replace(/"commit": "\w+"/, '"commit": "unknown"'),
    );
    service.edit(`${LIBRARY}/${FILE}`, (text) => `// ours\n${text}`);
    repository.edit(`libs/guards/src/${FILE}`, (text) => `${text}// theirs\n`);
    const { exit, output } = repository.copyTo(service);

    expect(exit).toBe(1);
    expect(output).toContain(`the text of the library is in ${LIBRARY}/${FILE}.new`);
    expect(service.read(`${LIBRARY}/${FILE}`)).toMatch(/^\/\/ ours\n/);
    expect(service.read(`${LIBRARY}/${FILE}.new`)).toMatch(/\/\/ theirs\n$/);
    expect(repository.copyTo(service).output).toContain(`merge ${LIBRARY}/${FILE}.new into it`);
    service.delete(`${LIBRARY}/${FILE}.new`);
    expect(repository.copyTo(service).exit).toBe(0);
  });

  it('keeps the parts of the first copy, and removes those of --without for good', async () => {
    const service = await Folder.withService(['@nestjs/graphql']);
    library.copyTo(service, '--with', 'dpop');
    library.copyTo(service, '--with', 'status');
    expect(service.has(`${LIBRARY}/dpop`) && service.has(`${LIBRARY}/status`)).toBe(true);

    library.copyTo(service, '--without', 'dpop,graphql');
    library.copyTo(service);

    expect(service.has(`${LIBRARY}/dpop`) || service.has(`${LIBRARY}/graphql`)).toBe(false);
    expect(service.has(`${LIBRARY}/status`)).toBe(true);
    expect(missingImports(service)).toEqual([]);
  });

  it('overwrites edits with --force alone', async () => {
    const service = await Folder.withService();
    library.copyTo(service);
    const copied = service.texts('.');
    service.edit(`${LIBRARY}/${FILE}`, (text) => `// ours\n${text}`);
    const { output } = library.copyTo(service, '--force');

    expect(output).toContain(`updated   ${LIBRARY}/${FILE}`);
    expect(service.texts('.')).toEqual(copied);
  });

  it('refuses a record that names files outside of the library', async () => {
    const service = await Folder.withService();
    library.copyTo(service);
    service.edit(`${LIBRARY}/.gatehouse-guards.json`, (text) =>
      text.replace('"README.md"', '"src/../../../../README.md"'),
    );
    const { exit, output } = library.copyTo(service);

    expect(exit).toBe(1);
    expect(output).toContain('is not a record of guards:copy');
  });
});
