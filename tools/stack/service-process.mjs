import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from '../workspace.mjs';

const LEASH = new URL('./leash.mjs', import.meta.url).href;
const KEPT_LINES = 15;
/** The apps give requests in flight ten seconds; this is for one that hangs. */
const KILL_AFTER_MS = 15_000;

/** One built app as a process, started as often as needed. */
export class ServiceProcess {
  #run;

  /** @param {{ name: string, env: object, show: (line: string, service: ServiceProcess) => void }} options */
  constructor({ name, env, show }) {
    this.name = name;
    this.env = env;
    this.show = show;
  }

  get port() {
    return Number(this.env.PORT);
  }

  get isStarted() {
    return this.#run !== undefined;
  }

  /** The last lines that it printed. */
  get tail() {
    return this.#run?.tail ?? [];
  }

  start() {
    const child = spawnApp(this.name, this.env);
    const run = { child, ended: endOf(child), isStopping: false, tail: [] };
    const onLine = (line) => {
      run.tail = [...run.tail, line].slice(-KEPT_LINES);
      this.show(line, this);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', onLine);
    this.#run = run;
  }

  /** Resolves with how this run ended (`exit code 1`, `SIGKILL`), and never when it was told to stop. */
  async diedByItself() {
    const run = this.#run;
    const how = await run.ended;
    return run.isStopping ? new Promise(() => {}) : { service: this, how };
  }

  async stop() {
    const run = this.#run;
    if (!run) return;
    run.isStopping = true;
    run.child.kill('SIGTERM');
    const deadline = setTimeout(() => run.child.kill('SIGKILL'), KILL_AFTER_MS);
    await run.ended;
    clearTimeout(deadline);
  }

  kill() {
    this.#run?.child.kill('SIGKILL');
  }
}

/** In a process group of its own: Ctrl-C reaches the runner alone, which then stops each app once. */
function spawnApp(name, env) {
  const entry = `apps/${name}/dist/main.js`;
  return spawn(process.execPath, ['--enable-source-maps', '--import', LEASH, entry], {
    cwd: ROOT,
    env,
    stdio: 'pipe',
    detached: true,
    windowsHide: true,
  });
}

function endOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}
