import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const library = fileURLToPath(new URL('../..', import.meta.url));
const root = join(library, '../..');

/** A process that imports an entry point, and ends with an error when anything imports Nest, passport or rxjs. */
function importWithoutNest(entry: string) {
  const hook = `export const resolve = (name, context, next) => {
    if (/^(@nestjs|passport|rxjs|reflect-metadata)/.test(name)) throw new Error('imports ' + name);
    return next(name, context);
  };`;
  const code = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    const entry = await import(${JSON.stringify(entry)});
    console.log(Object.keys(entry).join());`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
}

describe('process that imports an entry point', () => {
  let folder: string;
  let built: string;

  beforeAll(() => {
    // Beside package.json, so that packages resolve. Lint, which may run meanwhile, ignores folders of this name.
    folder = mkdtempSync(join(library, '.built-'));
    built = join(folder, 'dist');
    const options = ['compile', '--out', built, 'src'];
    execFileSync(process.execPath, [join(root, 'tools/run.mjs'), ...options], { cwd: library });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loads neither Nest nor passport nor rxjs for ./core', () => {
    const { stdout, stderr } = importWithoutNest(join(built, 'core.js'));
    expect(stderr).toBe('');
    expect(stdout.trim().split(',')).toContain('createVerifier');
  });

  it('loads Nest for the entry point of the module, which shows that the test notices it', () => {
    const { stderr } = importWithoutNest(join(built, 'index.js'));
    expect(stderr).toContain('imports @nestjs/common');
  });
});
