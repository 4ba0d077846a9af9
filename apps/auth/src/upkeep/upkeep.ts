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
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

/** Something that is done again and again. */
export interface Task {
  readonly name: string;
  readonly everySeconds: number;
  /** `one replica`: under the lease. It must be safe when two do it at once all the same. */
  readonly by: 'every replica' | 'one replica';
  /** @param stopping aborted when the process shuts down: what takes long goes no further than it must */
  work(stopping: AbortSignal): Promise<unknown>;
}

const LEASE = 'upkeep';
const LEASE_SECONDS = 15;

/** Runs the tasks that the modules add. One replica holds the lease for what one is enough for; if it dies, another takes over. */
@Injectable()
export class Upkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Upkeep');
  private readonly holder = randomUUID();
  private readonly stopping = new AbortController();
  private readonly tasks = new Map<string, Task>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly running = new Map<string, Promise<void>>();
  private readonly failing = new Set<string>();
  private leasedUntil = 0;
  private taking: Promise<boolean> | undefined;

  constructor(
    private readonly leases: Leases,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  add(task: Task): void {
    if (this.tasks.has(task.name)) throw new Error(`two tasks are called ${task.name}`);
    this.tasks.set(task.name, task);
  }

  /** Does the work of a task now, whoever holds the lease, when the turn that runs is over. */
  async run(name: string): Promise<void> {
    const task = this.tasks.get(name);
    if (!task) throw new Error(`no task is called ${name}`);
    while (this.running.has(name)) await this.running.get(name);
    const turn = Promise.resolve(task.work(this.stopping.signal));
    await this.tracked(name, turn);
    await turn;
  }

  onApplicationBootstrap(): void {
    for (const task of this.tasks.values()) {
      if (task.by === 'one replica' && !this.config.BACKGROUND_TASKS) continue;
      const timer = setInterval(() => void this.turn(task), task.everySeconds * 1000);
      this.timers.push(timer.unref());
    }
  }

  /** What has begun is finished while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopping.abort();
    await Promise.all(this.running.values());
    if (this.leasedUntil > 0) await this.leases.release(LEASE, this.holder).catch(() => undefined);
  }

  /** One turn of a task at a time; a failure is told, and tried again at the next turn. */
  private async turn(task: Task): Promise<void> {
    if (this.running.has(task.name)) return;
    await this.tracked(
      task.name,
      this.attempt(task).then(
        () => this.succeeded(task.name),
        (error: unknown) => this.failed(task.name, error),
      ),
    );
  }

  private async tracked(name: string, turn: Promise<unknown>): Promise<void> {
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.running.set(name, settled);
    await settled;
    this.running.delete(name);
  }

  private async attempt(task: Task): Promise<void> {
    if (task.by === 'every replica' || (await this.isLeader())) {
      await task.work(this.stopping.signal);
    }
  }

  /** Told when it begins and when it is over: a database that is away for an hour is not 3,600 lines. */
  private failed(name: string, error: unknown): void {
    if (this.failing.has(name)) return;
    this.failing.add(name);
    const text = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.log.error(`task ${name} fails, and is tried again: ${text}`, stack);
  }

  private succeeded(name: string): void {
    if (this.failing.delete(name)) this.log.log(`task ${name} succeeds again`);
  }

  /** Prolonged when a third of it is left, so an idle server writes little. */
  private async isLeader(): Promise<boolean> {
    const now = this.clock.now();
    if (now < this.leasedUntil - (LEASE_SECONDS / 3) * 1000) return true;
    this.taking ??= this.take(now).finally(() => {
      this.taking = undefined;
    });
    return this.taking;
  }

  private async take(now: number): Promise<boolean> {
    const wish = { holder: this.holder, now, seconds: LEASE_SECONDS };
    const isMine = await this.leases.take(LEASE, wish);
    this.leasedUntil = isMine ? now + LEASE_SECONDS * 1000 : 0;
    return isMine;
  }
}
