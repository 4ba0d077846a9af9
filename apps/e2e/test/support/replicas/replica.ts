import { AppProcess, type Settings } from '../app-process.js';
import type { AppName } from '../workspace.js';
import type { Ledger } from './ledger.js';

/** One process of several that are alike. Whenever it is away, the ledger knows. */
export class Replica {
  private outputs = '';

  private constructor(
    readonly name: string,
    private app: AppProcess,
    private readonly createAgain: (change: Settings) => Promise<AppProcess>,
    private readonly ledger: Ledger,
  ) {}

  static async create(
    app: AppName,
    number: number,
    { settings, ledger }: { readonly settings: Settings; readonly ledger: Ledger },
  ): Promise<Replica> {
    const first = await AppProcess.create(app, settings);
    const PORT = new URL(first.url).port;
    const again = (change: Settings) => AppProcess.create(app, { ...settings, ...change, PORT });
    return new Replica(`${app} ${number}`, first, again, ledger);
  }

  get url(): string {
    return this.app.url;
  }

  get output(): string {
    return this.outputs + this.app.output;
  }

  async start(): Promise<void> {
    await this.app.start();
  }

  /** kill -9, and a start on what it left. */
  async killAndRestart(): Promise<void> {
    await this.ledger.duringOutage(async () => {
      await this.app.kill();
      await this.app.start();
    });
  }

  /** As a deployment does it: SIGTERM, the end, and a start with what changed. @returns the exit code */
  async restart(change: Settings = {}): Promise<unknown> {
    return this.ledger.duringOutage(async () => {
      const exit = await this.app.stop();
      this.outputs += this.app.output;
      this.app = await this.createAgain(change);
      await this.app.start();
      return exit;
    });
  }

  waitFor(state: 'ready' | 'live'): Promise<void> {
    return this.app.waitFor(state);
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }
}
