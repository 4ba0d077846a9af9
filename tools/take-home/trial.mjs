import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { CorpusIssuer, runCorpus } from '../corpus/sources.mjs';
import { run } from '../guards-package/command.mjs';
import { Failure } from '../terminal/failure.mjs';
import { AUDIENCE, PATH, SCOPE } from './service-sources.mjs';

const PATIENCE_MS = 60_000;
/** Enough to see that the runner reads the tests and the library: it is at home that all of them run. */
const TESTS = ['test/guards/credentials.spec', 'test/guards/module.spec'];
const RUNNER_OPTIONS = { jest: ['--rootDir', 'test/guards'], vitest: [] };

/**
 * Compiles a project with its own compiler, starts it, and asks it the corpus.
 *
 * @returns {Promise<number>} how many cases were answered, each as expected
 * @throws {Failure} that says what went wrong
 */
export async function tryProject({ workshop, folder, project }) {
  const compiler = join(workshop, 'node_modules/typescript/bin/tsc');
  const compile = (...words) =>
    run('The compiler', [process.execPath, compiler, ...words], { cwd: folder });
  await compile('-p', 'tsconfig.build.json');
  if (project.testRunner) {
    await compile('-p', 'tsconfig.json', '--noEmit');
    const words = [...RUNNER_OPTIONS[project.testRunner], ...TESTS];
    await run('The copied tests', ['npm', 'test', '--', ...words], { cwd: folder });
  }
  const issuer = await CorpusIssuer.start({ audience: AUDIENCE });
  try {
    return await asking(folder, issuer, (url) => askCorpus(url, issuer));
  } finally {
    await issuer.close();
  }
}

/** @param {(url: string) => Promise<T>} ask @template T */
async function asking(folder, { issuer }, ask) {
  const env = { ...process.env, ISSUER: issuer };
  const service = spawn(process.execPath, ['dist/main.js'], { cwd: folder, env });
  const ended = once(service, 'exit');
  const errors = text(service.stderr);
  try {
    const first = once(createInterface({ input: service.stdout }), 'line', {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const died = ended.then(async () => {
      throw new Failure(`The service ended at its start:\n${await errors}`);
    });
    const [url] = await Promise.race([first, died]);
    return await ask(url);
  } finally {
    service.kill();
    await ended;
  }
}

async function askCorpus(url, issuer) {
  const faults = [];
  let cases = 0;
  for await (const { case: one, received, verdict } of runCorpus(issuer, {
    url: url + PATH,
    scope: SCOPE,
  })) {
    cases += 1;
    if (verdict !== 'as-expected') faults.push(`${one.id}: ${verdict} (${received.status})`);
  }
  if (faults.length === 0) return cases;
  throw new Failure(`${faults.length} of ${cases} cases:\n  ${faults.join('\n  ')}`);
}
