import { randomUUID } from 'node:crypto';
import { Leases } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';

/** Something that is done again and again. */
export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  /** `one replica`: under the lease. It must be safe when two do it at once all the same. */
  readonly by: 'every replica' | 'one replica';
  /** @param stopping aborted when the process shuts down: what takes long goes no further than it must */
  work(stopping: AbortSignal): Promise<unknown>;
}

const LEASE_NAME = 'upkeep';
const LEASE_SECONDS = 15;

/** Runs the tasks that the modules add. One replica holds the lease for what one is enough for; if it dies, another takes over. */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Upkeep');
  private readonly holder = randomUUID();
  private readonly stopping = new AbortController();
  private readonly jobs = new Map<string, Job>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly runningTurns = new Map<string, Promise<void>>();
  private readonly failingJobs = new Set<string>();
  private leasedUntil = 0;
  private pendingLease: Promise<boolean> | undefined;

  constructor(
    private readonly leases: Leases,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  add(task: Job): void {
    if (this.jobs.has(task.name)) throw new Error(`two tasks are called ${task.name}`);
    this.jobs.set(task.name, task);
  }

  /** Does the work of a task now, whoever holds the lease, when the turn that runs is over. */
  async runNow(name: string): Promise<void> {
    const task = this.jobs.get(name);
    if (!task) throw new Error(`no task is called ${name}`);
    while (this.runningTurns.has(name)) await this.runningTurns.get(name);
    const turn = Promise.resolve(task.work(this.stopping.signal));
    await this.trackTurn(name, turn);
    await turn;
  }

  onApplicationBootstrap(): void {
    for (const task of this.jobs.values()) {
      if (task.by === 'one replica' && !this.config.BACKGROUND_TASKS) continue;
      const timer = setInterval(() => void this.runTurn(task), task.everySeconds * 1000);
      this.timers.push(timer.unref());
    }
  }

  /** What has begun is finished while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopping.abort();
    await Promise.all(this.runningTurns.values());
    if (this.leasedUntil > 0)
      await this.leases.release(LEASE_NAME, this.holder).catch(() => undefined);
  }

  /** One turn of a task at a time; a failure is told, and tried again at the next turn. */
  private async runTurn(task: Job): Promise<void> {
    if (this.runningTurns.has(task.name)) return;
    await this.trackTurn(
      task.name,
      this.runIfAllowed(task).then(
        () => this.reportRecovery(task.name),
        (error: unknown) => this.reportFailure(task.name, error),
      ),
    );
  }

  private async trackTurn(name: string, turn: Promise<unknown>): Promise<void> {
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.runningTurns.set(name, settled);
    await settled;
    this.runningTurns.delete(name);
  }

  private async runIfAllowed(task: Job): Promise<void> {
    if (task.by === 'every replica' || (await this.ensureLease())) {
      await task.work(this.stopping.signal);
    }
  }

  /** Told when it begins and when it is over: a database that is away for an hour is not 3,600 lines. */
  private reportFailure(name: string, error: unknown): void {
    if (this.failingJobs.has(name)) return;
    this.failingJobs.add(name);
    const text = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.logger.error(`task ${name} fails, and is tried again: ${text}`, stack);
  }

  private reportRecovery(name: string): void {
    if (this.failingJobs.delete(name)) this.logger.log(`task ${name} succeeds again`);
  }

  /** Prolonged when a third of it is left, so an idle server writes little. */
  private async ensureLease(): Promise<boolean> {
    const now = this.clock.now();
    if (now < this.leasedUntil - (LEASE_SECONDS / 3) * 1000) return true;
    this.pendingLease ??= this.takeLease(now).finally(() => {
      this.pendingLease = undefined;
    });
    return this.pendingLease;
  }

  private async takeLease(now: number): Promise<boolean> {
    const wish = { holder: this.holder, now, seconds: LEASE_SECONDS };
    const isMine = await this.leases.acquire(LEASE_NAME, wish);
    this.leasedUntil = isMine ? now + LEASE_SECONDS * 1000 : 0;
    return isMine;
  }
}
