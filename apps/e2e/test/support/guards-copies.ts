import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { createTemporaryFolder } from './cleanup.js';
import { ROOT } from './workspace.js';

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  },
};

/** A folder with files. */
export class Folder {
  constructor(readonly path: string) {}

  /** A service of Nest 12 as ES modules. @param packages more that its package.json declares */
  static async withService(packages: readonly string[] = [], type = 'module'): Promise<Folder> {
    const folder = new Folder(await createTemporaryFolder());
    const dependencies = Object.fromEntries(
      ['@nestjs/common', '@nestjs/core', ...packages].map((name) => [name, '^12.0.0']),
    );
    folder.writeJson('package.json', { name: 'parcels', type, dependencies });
    folder.writeJson('tsconfig.json', TSCONFIG);
    return folder;
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), text);
  }

  writeJson(path: string, value: object): void {
    this.write(path, JSON.stringify(value, undefined, 2));
  }

  edit(path: string, change: (text: string) => string): void {
    this.write(path, change(this.read(path)));
  }

  delete(path: string): void {
    rmSync(join(this.path, path));
  }

  has(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  /** All files below a folder, by their paths. */
  texts(folder = '.'): ReadonlyMap<string, string> {
    const entries = this.has(folder)
      ? readdirSync(join(this.path, folder), { recursive: true, withFileTypes: true })
      : [];
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
    return new Map(paths.sort().map((path) => [path, this.read(path)]));
  }
}

/** The guards with `guards:copy`: those of this repository, or of a changed one. */
export class GuardsLibrary extends Folder {
  static readonly current = new GuardsLibrary(ROOT);

  /** A repository with one commit that a test can change. */
  static async withHistory(): Promise<GuardsLibrary> {
    const library = new GuardsLibrary(await createTemporaryFolder());
    for (const path of ['tools', 'libs/guards', 'package.json']) {
      const isCopied = (source: string) => !/[/\\](?:node_modules|dist)$/.test(source);
      cpSync(join(ROOT, path), join(library.path, path), { recursive: true, filter: isCopied });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(library.path, 'node_modules'));
    library.git('init', '--quiet');
    library.write('.gitignore', 'node_modules\n');
    library.commit();
    return library;
  }

  commit(): void {
    this.git('add', '--all');
    const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
    this.git(...author, 'commit', '--quiet', '--message', 'change the guards');
  }

  private git(...words: readonly string[]): void {
    execFileSync('git', words, { cwd: this.path });
  }

  /** Runs `guards:copy` on a service. */
  copyTo(service: Folder, ...words: readonly string[]): { exit: number | null; output: string } {
    return this.run(service.path, ...words);
  }

  run(...words: readonly string[]): { exit: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['tools/run.mjs', 'guards-copy', ...words],
      { cwd: this.path, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    );
    return { exit: status, output: stdout + stderr };
  }
}
