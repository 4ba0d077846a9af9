import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { CorpusIssuer, isVulnerability, runCorpus } from '../corpus/sources.mjs';
import { Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { freePort, run } from '../terminal/processes.mjs';
import { filesIn, ROOT } from '../workspace.mjs';

const AUDIENCE = 'https://orders.example';
const QUIET = '--no-audit --no-fund --loglevel=error';
const START_TIMEOUT_MS = 30_000;
const GIT = ['git', '-c', 'user.name=adoption', '-c', 'user.email=adoption@localhost'];
const COPIED = [':!src/guards', ':!test/guards'];

/** A service in a folder of its own, with a log of what a developer would type and edit. */
export class FreshService {
  /** @type {string[]} */
  log = [];

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** @param {string} line */
  print(line) {
    this.log.push(`  ${line}`);
  }

  /** @param {string} text */
  title(text) {
    this.log.push('', text);
  }

  /**
   * Runs a command of the developer and logs its time.
   *
   * @param {string} line
   */
  async command(line) {
    const start = performance.now();
    // Jest prints its summary to standard error.
    const output = await run(line, ['sh', '-c', `${line} 2>&1`], { cwd: this.folder });
    this.print(`$ ${line}  (${secondsSince(start)} s)`);
    return output;
  }

  /** @param {string[]} packages @param {string} [flag] */
  async install(packages, flag = '') {
    await this.command(`npm install ${flag}${QUIET} ${packages.join(' ')}`);
  }

  /** `npm run guards:copy`, and the packages that it tells the developer to install. @param {string} options */
  async copyGuards(options) {
    const start = performance.now();
    const words = ['tools/run.mjs', 'guards-copy', this.folder, ...options.split(' '), '--write'];
    const output = await run('guards:copy', [process.execPath, ...words], { cwd: ROOT });
    const shown = `npm run guards:copy -- ${basename(this.folder)} ${options} --write`;
    this.print(`$ ${shown}  (${secondsSince(start)} s)`);
    const installs = output.matchAll(/^ +npm install (--save-dev )?(.+)$/gm);
    for (const [, flag, packages] of installs) await this.install(packages.split(' '), flag);
    await this.commit();
  }

  /** `npm run guards:doctor`, which must find no error. */
  async diagnose() {
    const words = [process.execPath, 'tools/run.mjs', 'guards-doctor', this.folder];
    const output = await run('guards:doctor', /** @type {any} */ (words), { cwd: ROOT });
    const summary = output.trim().split('\n').at(-1);
    this.print(`$ npm run guards:doctor -- ${basename(this.folder)}: ${summary}`);
  }

  /** Copies the sources of the service over those of the starter. @param {string} templates */
  async useTemplates(templates) {
    for (const path of ['src', 'test/app.e2e-spec.ts']) {
      await rm(join(this.folder, path), { recursive: true });
    }
    for (const path of filesIn(templates).filter((path) => path.endsWith('.template'))) {
      const target = join(this.folder, path.replace(/\.template$/, ''));
      await mkdir(dirname(target), { recursive: true });
      await cp(join(templates, path), target);
    }
    await this.commit();
  }

  /** Makes the edits of a patch and logs how many lines changed. @param {string} patch */
  async edit(patch) {
    await this.#git('apply', '--index', patch);
    const files = await this.#git('diff', '--cached', '--numstat', '--', '.', ...COPIED);
    for (const [, added, removed, file] of files.matchAll(/^(\d+)\t(\d+)\t(.+)$/gm)) {
      this.print(`edit ${file}  +${added} −${removed}`);
    }
    const sum = await this.#git('diff', '--cached', '--shortstat', '--', '.', ...COPIED);
    this.print(sum.trim());
    await this.commit();
  }

  /** The rest of `nest new`: the packages, and a repository. */
  async initialize() {
    this.title('nest new orders');
    await this.command(`npm install ${QUIET}`);
    await writeFile(join(this.folder, '.gitignore'), 'node_modules\ndist\n*.tsbuildinfo\n');
    await this.#git('init', '--quiet');
    await this.commit();
  }

  async commit() {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', '--allow-empty', '--message', 'step');
  }

  /** Takes back all commits but the first. The packages stay installed. */
  async reset() {
    const [first] = (await this.#git('rev-list', '--max-parents=0', 'HEAD')).trim().split('\n');
    await this.#git('reset', '--quiet', '--hard', first);
  }

  /** @param {string[]} args */
  #git(...args) {
    const words = /** @type {import('../terminal/processes.mjs').Words} */ ([...GIT, ...args]);
    return run(`git ${args[0]}`, words, { cwd: this.folder });
  }

  /** The unit and e2e tests of the service. */
  async test() {
    const tests = async (/** @type {string} */ line) => {
      const output = (await this.command(line)).replaceAll(/\u001b\[\d+m/g, '');
      return Number(/Tests:? +(\d+) passed/.exec(output)?.[1] ?? 0);
    };
    const passed = (await tests('npm test')) + (await tests('npm run test:e2e'));
    this.print(`${passed} own tests passed`);
    if (passed === 0) throw new Failure('No test ran.');
  }

  /** The lint of the service, without corrections. The copied files must not make it red. */
  async lint() {
    const { scripts } = JSON.parse(await readFile(join(this.folder, 'package.json'), 'utf8'));
    await this.command(`npx ${scripts.lint.replace(' --fix', '')}`);
  }

  /**
   * Starts the built service, and sends it the hostile corpus.
   *
   * @param {import('./services.mjs').ServiceDescription['corpus']} target
   * @param {boolean} hasScopes whether the address requires the scope
   */
  async sendCorpus({ path, algorithm, scope }, hasScopes) {
    const issuer = await CorpusIssuer.start({ audience: AUDIENCE, algorithm });
    const stop = new AbortController();
    try {
      const url = (await this.#start(issuer, stop.signal)) + path;
      const results = [];
      for await (const result of runCorpus(issuer, { url, ...(hasScopes && { scope }) })) {
        results.push(result);
      }
      return summaryOf(results);
    } finally {
      stop.abort();
      await issuer.close();
    }
  }

  /** @param {import('../corpus/sources.mjs').Issuer} issuer @param {AbortSignal} signal ends the service */
  async #start({ issuer, jwksUri }, signal) {
    const port = await freePort();
    const service = spawn(process.execPath, ['dist/main.js'], {
      cwd: this.folder,
      env: { ...process.env, ISSUER: issuer, JWKS_URI: jwksUri, AUDIENCE, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    service.on('error', () => undefined);
    const exit = once(service, 'exit').catch(() => undefined);
    const errors = text(/** @type {import('node:stream').Readable} */ (service.stderr));
    const url = `http://127.0.0.1:${port}`;
    const exited = exit.then(async () => {
      throw new Failure(`The service exited at its start:\n${await errors}`);
    });
    exited.catch(() => undefined);
    await Promise.race([exited, untilAnswered(url)]);
    return url;
  }
}

/** @param {string} url */
async function untilAnswered(url) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return;
    if (Date.now() > deadline) throw new Failure(`No answer from ${url}`);
    await sleep(100);
  }
}

/** @param {import('../corpus/sources.mjs').CorpusResult[]} results */
function summaryOf(results) {
  return {
    cases: results.length,
    vulnerable: results.filter(({ verdict }) => isVulnerability(verdict)),
    wrong: results
      .filter(({ verdict }) => verdict !== 'as-expected')
      .map(({ case: { id }, received, verdict }) => `${id}: ${verdict} (${received.status})`),
  };
}
