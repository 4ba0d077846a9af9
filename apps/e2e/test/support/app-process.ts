import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@gatehouse/service-kit/testing';
import { type Exit, RunningCommand } from './running-command.js';
import { createTemporaryFolder } from './cleanup.js';
import type { AppName } from './workspace.js';

export type Settings = Readonly<Record<string, string>>;

/** Stops the app when this process ends for any reason, so that no app outlives a test run. */
const PARENT_WATCH = new URL('../../../../tools/start/parent-watch.mjs', import.meta.url).href;
const START_TIMEOUT_MS = 40_000;

/** All load comes from one address, and tests kill processes during logins. */
const WITHOUT_LIMITS = { RATE_LIMITS: 'off', LOGIN_DELAYS: 'false' };

/** A built app as a process. Port and data stay the same across its runs. */
export class AppProcess {
  readonly url: string;
  private readonly runs: RunningCommand[] = [];

  private constructor(
    private readonly name: AppName | 'web',
    private readonly settings: Settings,
  ) {
    this.url = `http://localhost:${settings['PORT']}`;
  }

  /** An app that is not started, on a free port, with an empty data folder unless the settings name one. */
  static async create(name: AppName | 'web', settings: Settings = {}): Promise<AppProcess> {
    const PORT = settings['PORT'] ?? String(await freePort());
    const DATA_DIR = settings['DATA_DIR'] ?? (await createTemporaryFolder());
    const limits = name === 'auth' ? WITHOUT_LIMITS : {};
    return new AppProcess(name, { LOG_LEVEL: 'warn', ...limits, ...settings, PORT, DATA_DIR });
  }

  /** The environment with which an operator's command reaches this app. */
  get environment(): Settings {
    return this.settings;
  }

  /** The output of all runs. */
  get output(): string {
    return this.runs.map(({ output }) => output).join('');
  }

  /** Starts the app and waits until it is ready. */
  async start(): Promise<this> {
    this.launch();
    await this.waitFor('ready');
    return this;
  }

  launch(): void {
    this.runs.push(
      RunningCommand.start({
        file: process.execPath,
        arguments: [
          '--enable-source-maps',
          '--import',
          PARENT_WATCH,
          `apps/${this.name}/dist/main.js`,
        ],
        env: this.settings,
      }),
    );
  }

  /** @throws {Error} when it ends, or 40 s pass, before GET /health/live or /health/ready is 200 */
  async waitFor(state: 'live' | 'ready'): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.hasState(state))) {
      if (this.run.isOver || Date.now() > deadline) {
        throw new Error(`${this.name} is not ${state}; its output:\n${this.run.output}`);
      }
      await sleep(25);
    }
  }

  /** kill -9: the app runs no shutdown code. */
  async kill(): Promise<void> {
    this.run.signal('SIGKILL');
    await this.run.exit;
  }

  /** SIGTERM, as an orchestrator sends it. */
  stop(): Promise<Exit> {
    this.run.signal('SIGTERM');
    return this.run.exit;
  }

  private get run(): RunningCommand {
    const run = this.runs.at(-1);
    if (!run) throw new Error(`${this.name} was not started`);
    return run;
  }

  private async hasState(state: string): Promise<boolean> {
    const response = await fetch(`${this.url}/health/${state}`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok ?? false;
  }
}
