import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DatabaseUnavailableException } from './database-unavailable.exception.js';
import type { HeldLease } from './held-lease.js';

interface RecurringJob<Result> {
  /** Names the job in log lines. The scheduler has one job of each name. */
  readonly name: string;
  /** Pause between the end of one run and the begin of the next. It grows while `run` resolves to `false`: nothing was found. */
  readonly everySeconds: number;
  /** The longest pause while nothing is found. Default: that of the scheduler. */
  readonly maxIdleSeconds?: number;
  /** @param stopping aborted when the process shuts down; a long run then ends as soon as it can */
  run(stopping: AbortSignal): Promise<Result>;
}

/** Each replica runs it. */
export interface ReplicaJob extends RecurringJob<unknown> {
  readonly runsOn: 'every replica';
}

/**
 * The replica that holds the scheduler's lease runs it. It must be safe when two replicas run it at once, because a replica
 * can stand still for longer than its lease lasts.
 */
export interface LeaderJob extends RecurringJob<unknown> {
  readonly runsOn: 'one replica';
}

/**
 * Has a lease with the job's name. A replica takes the lease while there is work, so an idle job writes nothing. It must be
 * safe when two replicas run it at once.
 */
export interface LeasedJob extends RecurringJob<boolean> {
  readonly runsOn: 'lease holder';
  /** A read: the job takes its lease only when the answer is true. */
  hasWork(): Promise<boolean>;
  /**
   * Does one step, in much less time than the lease lasts.
   *
   * @returns whether there may be more work; the next step then follows at once
   */
  run(stopping: AbortSignal): Promise<boolean>;
}

export type Job = ReplicaJob | LeaderJob | LeasedJob;

/** Turns without work after which the pause begins to grow: twenty, or as many as take twenty seconds. */
const countEmptyTurns = (everySeconds: number): number =>
  Math.min(20, Math.ceil(20 / everySeconds));

/** Runs one job again and again. Two runs of a job never overlap in a process. */
export class JobRunner {
  private static readonly logger = new Logger('Scheduler');
  private readonly shutdown = new AbortController();
  private stepAbort: AbortController | undefined;
  private loop: Promise<void> | undefined;
  private lastTurn: Promise<unknown> = Promise.resolve();
  private isFailing = false;
  private emptyTurns = 0;
  private wakeUp: (() => void) | undefined;

  /** @param maxIdleSeconds the longest pause of a job that finds no work; default: its usual pause */
  constructor(
    private readonly job: Job,
    private readonly lease: HeldLease,
    private readonly maxIdleSeconds = 0,
  ) {}

  start(): void {
    this.loop ??= this.runRepeatedly();
  }

  /** Runs the job after the run in progress. It needs no lease. */
  runNow(): Promise<unknown> {
    return this.enqueue(() => this.runStep());
  }

  /** After a write of this process: the next run follows after the usual pause. */
  wake(): void {
    this.emptyTurns = 0;
    this.wakeUp?.();
  }

  /** Resolves when the run in progress has ended. */
  async stop(): Promise<void> {
    this.shutdown.abort();
    this.stepAbort?.abort();
    await this.loop;
    await this.lastTurn;
  }

  /** A job with its own lease looks for work at once, because another replica may have died with work to do. */
  private async runRepeatedly(): Promise<void> {
    if (this.job.runsOn !== 'lease holder') await this.pause();
    while (!this.shutdown.signal.aborted) {
      await this.enqueue(() => this.runTurn()).then(
        (found) => this.reportSuccess(found),
        (error: unknown) => this.reportFailure(error),
      );
      await this.pauseWhileIdle();
      await this.pause();
    }
  }

  /** Ends early when the process shuts down. */
  private async pause(): Promise<void> {
    const options = { signal: this.shutdown.signal, ref: false };
    await delay(this.job.everySeconds * 1000, undefined, options).catch(() => undefined);
  }

  /** The part of the pause that a write of this process ends. */
  private async pauseWhileIdle(): Promise<void> {
    const seconds = this.computeIdleSeconds();
    if (seconds <= 0) return;
    const woken = new AbortController();
    this.wakeUp = () => woken.abort();
    const onStop = () => woken.abort();
    this.shutdown.signal.addEventListener('abort', onStop);
    const options = { signal: woken.signal, ref: false };
    await delay(seconds * 1000, undefined, options).catch(() => undefined);
    this.shutdown.signal.removeEventListener('abort', onStop);
    this.wakeUp = undefined;
  }

  /** The pause doubles with each turn after the first ones. */
  private computeIdleSeconds(): number {
    const { everySeconds } = this.job;
    const doublings = this.emptyTurns - countEmptyTurns(everySeconds);
    if (doublings <= 0 || this.shutdown.signal.aborted) return 0;
    const { maxIdleSeconds = this.maxIdleSeconds } = this.job;
    return Math.min(everySeconds * 2 ** doublings, maxIdleSeconds) - everySeconds;
  }

  private enqueue(turn: () => Promise<unknown>): Promise<unknown> {
    const result = this.lastTurn.then(turn);
    this.lastTurn = result.catch(() => undefined);
    return result;
  }

  /** @returns `false` when there was no work */
  private async runTurn(): Promise<unknown> {
    if (this.job.runsOn === 'lease holder') return this.runWhileThereIsWork(this.job);
    if (this.job.runsOn === 'every replica' || (await this.lease.ensure())) return this.runStep();
    return undefined;
  }

  private async runWhileThereIsWork(job: LeasedJob): Promise<boolean> {
    if (!(await job.hasWork())) return false;
    try {
      while (!this.shutdown.signal.aborted && (await this.lease.ensure())) {
        if (!(await this.runStep())) break;
        // SQLite answers without a wait, so without this pause requests would wait for all steps.
        await setImmediate();
      }
    } finally {
      await this.lease.release();
    }
    return true;
  }

  /** Each step has a new signal. `AbortSignal.any` keeps a reference per derived signal for as long as its source lives. */
  private runStep(): Promise<unknown> {
    this.stepAbort = new AbortController();
    if (this.shutdown.signal.aborted) this.stepAbort.abort();
    return this.job.run(this.stepAbort.signal);
  }

  /** Logs the first of several failures: an outage of an hour is one line and not 3,600. */
  private reportFailure(error: unknown): void {
    if (this.isFailing) return;
    this.isFailing = true;
    const [text, stack] = error instanceof Error ? [error.message, error.stack] : [String(error)];
    const isOutage = error instanceof DatabaseUnavailableException;
    JobRunner.logger.error(
      `job ${this.job.name} failed and will be tried again: ${text}`,
      ...(isOutage ? [] : [stack]),
    );
  }

  private reportSuccess(found: unknown): void {
    this.emptyTurns = found === false ? this.emptyTurns + 1 : 0;
    if (this.isFailing) JobRunner.logger.log(`job ${this.job.name} succeeds again`);
    this.isFailing = false;
  }
}
