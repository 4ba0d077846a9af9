import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/workspace.js';

/** A project of which only the tools, a part and some documents are left. It has no installed packages. */
class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-remove-'));

  constructor() {
    for (const path of ['tools/run.mjs', 'tools/workspace.mjs', 'package.json']) this.copy(path);
    for (const path of ['tools/create', 'tools/remove', 'tools/terminal']) this.copy(path);
    this.write('deploy/k8s/README.md', '# Kubernetes\n');
  }

  private copy(path: string): void {
    cpSync(join(ROOT, path), join(this.folder, path), { recursive: true });
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.folder, dirname(path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  remove(...args: string[]): { readonly exit: number | null; readonly output: string } {
    const { status, stdout, stderr } = this.run(
      process.execPath,
      'tools/run.mjs',
      'remove',
      ...args,
    );
    return { exit: status, output: stdout + stderr };
  }

  run(command: string, ...args: string[]) {
    return spawnSync(command, args, { cwd: this.folder, encoding: 'utf8' });
  }

  delete(): void {
    rmSync(this.folder, { recursive: true });
  }
}

describe('npm run remove', () => {
  let project: Project;
  beforeEach(() => {
    project = new Project();
  });
  afterEach(() => project.delete());

  it('deletes the files of a part, its manifest and its name in .gatehouse.json', () => {
    project.write('.gatehouse.json', '{ "choices": { "parts": ["dpop", "kubernetes"] } }');
    const { exit, output } = project.remove('kubernetes');

    expect(output).toContain('Removed kubernetes: 2 files.');
    expect(output).toContain('npm install');
    expect(exit).toBe(0);
    expect(project.has('deploy')).toBe(false);
    expect(project.has('tools/create/parts/kubernetes.mjs')).toBe(false);
    expect(JSON.parse(project.read('.gatehouse.json'))).toEqual({ choices: { parts: ['dpop'] } });
  });

  it('keeps the words of links to deleted files, and drops list items and rows of such links only', () => {
    project.write(
      'docs/page.md',
      [
        'Deploy to [Kubernetes](../deploy/k8s/README.md) or [the web](https://example.com).',
        '',
        '- [Kubernetes](../deploy/k8s/README.md): how to',
        '  deploy',
        '- [This page](page.md)',
        '',
        '| Question    | Page                                                   |',
        '| ----------- | ------------------------------------------------------ |',
        '| How to run? | [this](page.md), [Kubernetes](../deploy/k8s/README.md) |',
        '| Where?      | [Kubernetes](../deploy/k8s/README.md)                  |',
        '',
      ].join('\n'),
    );
    project.remove('kubernetes');

    expect(project.read('docs/page.md').split('\n')).toEqual([
      'Deploy to Kubernetes or [the web](https://example.com).',
      '',
      '- [This page](page.md)',
      '',
      '| Question    | Page            |',
      '| ----------- | --------------- |',
      '| How to run? | [this](page.md) |',
      '',
    ]);
  });

  it('changes nothing with --dry-run, and lists what it would delete', () => {
    expect(project.remove('kubernetes', '--dry-run').output).toContain('deploy/k8s/README.md');
    expect(project.has('deploy/k8s/README.md')).toBe(true);
  });

  it('refuses names that are no part, and parts that were removed before', () => {
    expect(project.remove('kubernets')).toMatchObject({
      exit: 1,
      output: expect.stringContaining('kubernets is not a part. The parts are'),
    });
    project.remove('kubernetes');
    expect(project.remove('kubernetes').output).toContain('kubernetes was removed before');
    expect(project.remove().exit).toBe(2);
  });

  it('refuses to run with uncommitted changes, unless --force is given', () => {
    project.run('git', 'init', '--quiet');
    expect(project.remove('kubernetes')).toMatchObject({
      exit: 1,
      output: expect.stringContaining('There are uncommitted changes'),
    });
    expect(project.has('deploy')).toBe(true);
    expect(project.remove('kubernetes', '--force').exit).toBe(0);
  });

  it('changes nothing when a file does not fit, and with --force says what to edit by hand', () => {
    project.write('.dependency-cruiser.mjs', 'export default {};\n');
    const { exit, output } = project.remove('passport');
    expect([exit, output]).toEqual([
      1,
      expect.stringContaining('.dependency-cruiser.mjs has no match of'),
    ]);
    expect(project.has('tools/create/parts/passport.mjs')).toBe(true);

    expect(project.remove('passport', '--force').output).toContain('Edit by hand:');
    expect(project.has('tools/create/parts/passport.mjs')).toBe(false);
  });
});
