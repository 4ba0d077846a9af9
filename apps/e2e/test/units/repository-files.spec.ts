import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../support/workspace.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly steps?: readonly Step[];
  readonly 'timeout-minutes'?: number;
  readonly strategy?: {
    readonly matrix: {
      readonly node: readonly string[];
      readonly include: readonly { readonly node: string }[];
    };
  };
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json'));

const FOLDER = '.github/workflows';

describe.each(readdirSync(join(ROOT, FOLDER)))('The workflow %s', (name) => {
  const text = read(`${FOLDER}/${name}`);
  const workflow = parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps ?? []);

  it('pins each action to a full commit, and names its version', () => {
    const uses = text.match(/uses: [^.].*/g) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) {
      expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('may only read the repository, unless a job asks for more', () => {
    expect([{}, { contents: 'read' }]).toContainEqual(workflow.permissions);
  });

  it('limits the time of each job', () => {
    for (const job of jobs) expect(job.steps === undefined || job['timeout-minutes']).toBeTruthy();
  });

  it('inserts nothing of the event into a shell script', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  it('runs commands that exist', () => {
    for (const { run = '' } of steps) {
      for (const [, script = ''] of run.matchAll(/\bnpm run ([\w:-]+)/g)) {
        expect(manifest.scripts).toHaveProperty([script]);
      }
      const [file] = /^\.ci\/\w+/.exec(run) ?? [];
      if (file) expect(existsSync(join(ROOT, file))).toBe(true);
    }
  });
});

it('The page about CI shows a pipeline for GitLab whose commands exist, on the version of Node in .nvmrc', () => {
  const page = read('docs/recipes/continuous-integration.md');
  const {
    default: defaults,
    workflow: _,
    ...jobs
  } = parse(/```yaml\n([^]*?)```/.exec(page)?.[1] ?? '');
  expect(defaults.image).toMatch(new RegExp(`^node:${read('.nvmrc').trim()}-`));
  const lines = Object.values<{ script: string[] }>(jobs).flatMap(({ script }) => script);
  for (const line of lines) {
    const [, script] = /^npm run ([\w:-]+)/.exec(line) ?? [];
    if (script) expect(manifest.scripts).toHaveProperty([script]);
    else expect([line, existsSync(join(ROOT, line))]).toEqual([line, true]);
  }
});

describe('The versions of Node in ci.yml', () => {
  const { matrix } = (parse(read(`${FOLDER}/ci.yml`)) as Workflow).jobs['checks']?.strategy ?? {};
  const versions = [...(matrix?.node ?? []), ...(matrix?.include ?? []).map(({ node }) => node)];

  it('begin with the oldest one that package.json accepts', () => {
    const [oldest] = versions.toSorted((one, other) => Number(one) - Number(other));
    expect(`>=${oldest}`).toBe(manifest.engines.node);
  });

  it('contain the one of .nvmrc, which the Dockerfile uses as well', () => {
    const version = read('.nvmrc').trim();
    expect(versions).toContain(version);
    expect(read('.devcontainer/devcontainer.json')).toContain(`:${version}-`);
  });
});

describe('The files for Visual Studio Code', () => {
  it('name npm scripts that exist', () => {
    const { tasks } = JSON.parse(read('.vscode/tasks.json'));
    for (const { script } of tasks) expect(manifest.scripts).toHaveProperty([script]);
  });

  it('start no build that does not exist', () => {
    const { configurations } = JSON.parse(read('.vscode/launch.json'));
    const labels = JSON.parse(read('.vscode/tasks.json')).tasks.map(
      ({ label }: { label: string }) => label,
    );
    for (const { preLaunchTask } of configurations) {
      if (preLaunchTask) expect(labels).toContain(preLaunchTask);
    }
  });

  it('recommend the extensions that the development container installs', () => {
    const { customizations } = JSON.parse(read('.devcontainer/devcontainer.json'));
    const { recommendations } = JSON.parse(read('.vscode/extensions.json'));
    expect(customizations.vscode.extensions).toEqual(recommendations);
  });
});

describe('The configuration of Renovate', () => {
  it('holds back only packages that a project declares, in ranges that it allows', () => {
    const folders = ['apps', 'libs'].flatMap((parent) =>
      readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/package.json`),
    );
    const declared = ['package.json', ...folders]
      .map((path) => JSON.parse(read(path)))
      .flatMap(({ dependencies, devDependencies }) =>
        Object.entries<string>({ ...dependencies, ...devDependencies }),
      );
    const { packageRules } = JSON.parse(read('.github/renovate.json'));
    const limits = packageRules.filter((rule: object) => 'allowedVersions' in rule);
    expect(limits.length).toBeGreaterThan(0);
    for (const { matchPackageNames, allowedVersions } of limits) {
      const ranges = declared.filter(([name]) => matchPackageNames.includes(name));
      expect([matchPackageNames, ranges.length]).not.toEqual([matchPackageNames, 0]);
      for (const [, range] of ranges) {
        const major = Number(/\d+/.exec(range)?.[0]);
        expect(major).toBeLessThan(Number(allowedVersions.slice(1)));
      }
    }
  });
});

describe('The sample of CODEOWNERS', () => {
  it('names files and folders that exist', () => {
    const paths = [...read('.github/CODEOWNERS').matchAll(/^# (\S+) +@/gm)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) {
      if (path?.includes('*')) continue;
      expect([path, existsSync(join(ROOT, path ?? ''))]).toEqual([path, true]);
    }
  });
});
