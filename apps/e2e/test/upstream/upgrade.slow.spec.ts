import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createTemporaryFolder } from '../support/cleanup.js';
import * as starter from '../support/starter.js';
import { ROOT } from '../support/workspace.js';

const {
  linkPackages,
  append,
  commitAll,
  copyWorkspace,
  editJson,
  git,
  prepend,
  read,
  runTool,
  write,
} = starter;

const CONTROLLER = 'src/parcels/parcels.controller.ts';
const TEMPLATE = 'tools/new-service/template/src';

/** Changes of different kinds, which a new version of the starter has. */
function changeStarter(root: string): void {
  prepend(root, 'docs/database.md', '<!-- new -->\n');
  append(root, 'docs/operations.md', '\nA new sentence about operations.\n');
  append(root, 'docs/backups.md', '\nA new sentence about backups.\n');
  renameSync(join(root, 'docs/sessions.md'), join(root, 'docs/user-sessions.md'));
  rmSync(join(root, 'docs/abuse.md'));
  write(root, 'apps/auth/src/platform/new-rule.ts', 'export const newRule = 1;\n');
  write(
    root,
    'apps/auth/src/platform/migrations/1790000000000-new-table.ts',
    'export const up = 1;\n',
  );
  append(root, `${TEMPLATE}/main.ts.template`, '// new wiring\n');
  append(root, `${TEMPLATE}/__many__/__many__.controller.ts.template`, '// new domain\n');
  prepend(root, 'tools/create/templates/README.md.template', '<!-- new -->\n');
  editJson(root, 'package.json', (manifest) => {
    manifest.version = '9.0.0';
    manifest.scripts['new:script'] = 'node tools/run.mjs new';
    manifest.devDependencies['jest'] = '^30.99.0';
  });
  append(root, 'UPGRADING.md', '\n## 9.0.0\n\nSet NEW_SETTING.\n');
}

const ROUTE = "\n// local: @Get('heaviest')\n";

/** Ten edits of different kinds, each with the check that it is there. */
const LOCAL_EDITS: readonly (readonly [
  what: string,
  edit: (root: string) => void,
  isKept: (root: string) => boolean,
])[] = [
  [
    'a changed file',
    (root) => append(root, 'apps/auth/src/main.ts', '// local\n'),
    (root) => read(root, 'apps/auth/src/main.ts').endsWith('// local\n'),
  ],
  [
    'a change elsewhere in a file that the starter changes',
    (root) => append(root, 'docs/database.md', '\nLocal.\n'),
    (root) => /^<!-- new -->\n[^]*\nLocal\.\n$/.test(read(root, 'docs/database.md')),
  ],
  [
    'an added file',
    (root) => write(root, 'libs/guards/src/local.ts', 'export const local = 1;\n'),
    (root) => read(root, 'libs/guards/src/local.ts') === 'export const local = 1;\n',
  ],
  [
    'a deleted file that the starter changes',
    (root) => rmSync(join(root, 'docs/backups.md')),
    (root) => !existsSync(join(root, 'docs/backups.md')),
  ],
  [
    'a renamed file that the starter changes',
    (root) => renameSync(join(root, 'docs/operations.md'), join(root, 'docs/running.md')),
    (root) =>
      !existsSync(join(root, 'docs/operations.md')) &&
      read(root, 'docs/running.md').includes('A new sentence about operations.'),
  ],
  [
    'a migration',
    (root) => write(root, 'apps/parcels/src/migrations/1764900000000-note.ts', '// local\n'),
    (root) => read(root, 'apps/parcels/src/migrations/1764900000000-note.ts') === '// local\n',
  ],
  [
    'a route of a service, whose template the starter changes',
    (root) => append(root, `apps/parcels/${CONTROLLER}`, ROUTE),
    (root) => {
      const controller = read(root, `apps/parcels/${CONTROLLER}`);
      return controller.endsWith(ROUTE) && !controller.includes('// new domain');
    },
  ],
  [
    'a changed setting of a service, whose wiring the starter changes',
    (root) => prepend(root, 'apps/parcels/src/main.ts', '// local\n'),
    (root) => /^\/\/ local\n[^]*\/\/ new wiring\n$/.test(read(root, 'apps/parcels/src/main.ts')),
  ],
  [
    'a changed README',
    (root) => append(root, 'README.md', '\nLocal.\n'),
    (root) => /^<!-- new -->\n[^]*\nLocal\.\n$/.test(read(root, 'README.md')),
  ],
  [
    'a script, a version and a dependency beside those that the starter changes',
    (root) => {
      editJson(root, 'package.json', (manifest) => {
        manifest.version = '3.1.0';
        manifest.scripts['local:script'] = 'node local.mjs';
        manifest.dependencies = { ...manifest.dependencies, local: '^1.0.0' };
      });
      editJson(root, 'package-lock.json', (lock) => {
        lock.packages['node_modules/local'] = { version: '1.0.0' };
      });
    },
    (root) => {
      const { version, scripts, dependencies, devDependencies } = JSON.parse(
        read(root, 'package.json'),
      );
      const { packages } = JSON.parse(read(root, 'package-lock.json'));
      return (
        version === '3.1.0' &&
        Boolean(scripts['local:script'] && scripts['new:script']) &&
        dependencies.local === '^1.0.0' &&
        devDependencies.jest === '^30.99.0' &&
        packages['node_modules/local'].version === '1.0.0' &&
        packages[''].devDependencies.jest === '^30.99.0'
      );
    },
  ],
];

const source = await starter.releasedStarter();
const created = join(await createTemporaryFolder(), 'acme');
const making = runTool(source, 'create', created, '--yes');
copyWorkspace(source);
commitAll(source);
changeStarter(source);
commitAll(source);

/** A copy of the created project, with edits. */
async function projectWith(...edits: ((root: string) => void)[]): Promise<string> {
  const root = join(await createTemporaryFolder(), 'acme');
  git(created, 'clone', '--quiet', created, root);
  for (const edit of edits) edit(root);
  if (edits.length > 0) commitAll(root);
  return root;
}

const upgrade = (root: string, ...options: string[]) =>
  runTool(root, 'upgrade', source, '--no-checks', ...options);

const edited = await projectWith(...LOCAL_EDITS.map(([, edit]) => edit));
const dryRun = { ...upgrade(edited, '--dry-run'), status: git(edited, 'status', '--porcelain') };
const upgraded = upgrade(edited);

/** A project without Docker that changed what the new version changes. */
const conflicting = await (async () => {
  const root = await projectWith(
    (folder) => void runTool(folder, 'remove', 'docker'),
    (folder) => prepend(folder, 'docs/database.md', 'Local.\n'),
    (folder) => append(folder, 'README.md', '\nLocal.\n'),
    (folder) => append(folder, 'docs/abuse.md', '\nLocal.\n'),
  );
  return { root, first: upgrade(root) };
})();

describe('npm run upgrade', () => {
  it('keeps ten local edits without a conflict', () => {
    expect([making.stderr, upgraded.stderr, upgraded.code]).toEqual(['', '', 0]);
    expect(LOCAL_EDITS.filter(([, , isKept]) => !isKept(edited)).map(([what]) => what)).toEqual([]);
    expect(git(edited, 'ls-files', '--unmerged')).toBe('');
  });

  it('brings what the new version changed, and lists it with the tasks of UPGRADING.md', () => {
    expect(existsSync(join(edited, 'docs/abuse.md'))).toBe(false);
    expect(existsSync(join(edited, 'docs/user-sessions.md'))).toBe(true);
    expect(read(edited, 'apps/auth/src/platform/new-rule.ts')).toContain('newRule');
    expect(JSON.parse(read(edited, '.gatehouse.json'))).toMatchObject({
      version: '9.0.0',
      commit: git(source, 'rev-parse', 'HEAD').trim(),
    });
    const { stdout } = upgraded;
    expect(stdout).toMatch(
      /New migrations \(\d+\):\n(?: {2}\S+\n)* {2}apps\/auth\/src\/platform\/migrations\/179/,
    );
    expect(stdout).toMatch(/they stay deleted \(1\):\n {2}docs\/backups\.md/);
    expect(stdout).toMatch(/\n {2}docs\/abuse\.md\n/);
    expect(stdout).toContain('docs/sessions.md → docs/user-sessions.md');
    expect(stdout).toContain('Set NEW_SETTING.');
  });

  it('leaves a service that compiles', () => {
    linkPackages(edited);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '--noEmit', '--project', 'apps/parcels'];

    expect(spawnSync(process.execPath, args, { cwd: edited, encoding: 'utf8' })).toMatchObject({
      stdout: '',
      status: 0,
    });
  });

  it('prints the same lists for --dry-run, and changes nothing', () => {
    const listsOf = (stdout: string) => /^Updated [^]*Set NEW_SETTING/m.exec(stdout)?.[0];

    expect(dryRun).toMatchObject({ code: 0, status: '' });
    expect(listsOf(dryRun.stdout)).toBeDefined();
    expect(listsOf(dryRun.stdout)).toBe(listsOf(upgraded.stdout));
  });

  it('marks a conflict only where both sides changed the same lines, and says how to go on', () => {
    const { code, stdout } = conflicting.first;

    expect(code).toBe(1);
    expect(stdout).toMatch(/the starter deleted what you changed \(1\):\n {2}docs\/abuse\.md\n\n/);
    expect(stdout).toMatch(/Conflicts, because both [^\n]* \(1\):\n {2}docs\/database\.md\n\n/);
    expect(read(conflicting.root, 'docs/abuse.md')).toMatch(/\nLocal\.\n$/);
    expect(read(conflicting.root, 'docs/database.md')).toMatch(/^<{7} HEAD\nLocal\.\n/);
  });

  it('does not bring back a part that was removed later', () => {
    const { root, first } = conflicting;

    expect(existsSync(join(root, 'Dockerfile'))).toBe(false);
    expect(first.stdout).not.toContain('Dockerfile');
    expect(JSON.parse(read(root, '.gatehouse.json')).choices.parts).not.toContain('docker');
  });

  it('refuses to start while conflicts are open, and names the command that undoes the upgrade', () => {
    const { root, first } = conflicting;
    const { code, stderr } = upgrade(root);

    expect(code).toBe(1);
    expect(stderr).toContain('are open in:\n  docs/abuse.md\n  docs/database.md');
    expect(first.stdout).toContain('"git reset --hard" undoes the upgrade');
    git(root, 'reset', '--quiet', '--hard');
    expect(git(root, 'status', '--porcelain')).toBe('');
  });

  it('refuses uncommitted changes and unknown versions, and names the remedy', async () => {
    const root = await projectWith();
    const unknown = upgrade(root, '--to', 'v99.0.0');
    write(root, 'untracked.txt', 'local');
    const dirty = upgrade(root);

    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('has no commit v99.0.0');
    expect(dirty).toMatchObject({ code: 1 });
    expect(dirty.stderr).toMatch(/untracked\.txt[^]*git stash/);
  });

  it('merges a copy without its record, from the commit that the user names', async () => {
    const root = join(await createTemporaryFolder(), 'copy');
    const old = git(source, 'rev-list', '--max-parents=0', 'HEAD').trim();
    git(source, 'clone', '--quiet', source, root);
    git(root, 'checkout', '--quiet', old);
    append(root, 'README.md', '\nLocal.\n');
    commitAll(root);
    const without = upgrade(root);
    const { code } = upgrade(root, '--from', old);

    expect(without.stderr).toMatch(/git pull[^]*--from <commit>/);
    expect(code).toBe(0);
    expect(read(root, 'README.md')).toMatch(/\nLocal\.\n$/);
    expect(read(root, 'docs/database.md')).toMatch(/^<!-- new -->/);
  });
});

interface Merge {
  readonly mergeProject: (merge: {
    readonly project: string;
    readonly base: string;
    readonly theirs: string;
    readonly message: string;
  }) => { readonly conflicts: readonly string[] };
}

describe('the merge of an upgrade', () => {
  const url = new URL('../../../../tools/upgrade/merge.mjs', import.meta.url);
  const lines = fc.array(fc.stringMatching(/^[a-z ]{0,12}$/), { maxLength: 6 });
  /** For each file of the old version: which side changes it, and its new lines; null deletes the file. */
  const edits = fc.array(
    fc.record({
      side: fc.constantFrom('project', 'theirs', 'neither'),
      before: lines,
      after: fc.option(lines, { nil: null }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('neither loses nor marks edits of different files', async () => {
    const { mergeProject }: Merge = await import(url.href);
    const root = await createTemporaryFolder();
    let run = 0;
    fc.assert(
      fc.property(edits, (files) => {
        run += 1;
        const folders = Object.fromEntries(
          ['project', 'base', 'theirs'].map((name) => [name, join(root, String(run), name)]),
        ) as Record<'project' | 'base' | 'theirs', string>;
        // Each file names itself, because Git takes equal files for moved ones.
        const textOf = (at: number, text: readonly string[]) => `${at}\n${text.join('\n')}\n`;
        const expected = files.map(({ side, before, after }, at) => {
          for (const [name, folder] of Object.entries(folders)) {
            const text = name === side ? after : before;
            if (text) write(folder, `${at}/file`, textOf(at, text));
          }
          const last = side === 'neither' ? before : after;
          return last && textOf(at, last);
        });
        for (const folder of Object.values(folders)) write(folder, 'kept', 'kept\n');
        git(root, 'init', '--quiet', folders.project);
        commitAll(folders.project);
        const { conflicts } = mergeProject({ ...folders, message: 'test: upgrade' });

        expect(conflicts).toEqual([]);
        expect(
          files.map((_file, at) =>
            existsSync(join(folders.project, `${at}/file`))
              ? read(folders.project, `${at}/file`)
              : null,
          ),
        ).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });
});
