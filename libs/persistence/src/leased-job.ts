import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { LeaseRepository } from './lease.repository.js';

/** Work that comes up now and then, and that one replica is enough for. */
export interface JobDefinition {
  /** Of the lease, and on log lines. */
  readonly name: string;
  /** How often each replica looks whether there is any, in milliseconds. */
  readonly everyMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A read: while there is nothing to do, nothing is written. */
  hasWork(): Promise<boolean>;
  /**
   * Does some of it, in much less time than the lease lasts. It must be safe when two do it at once all the same.
   *
   * @param stopping of this step, aborted when the process shuts down
   * @returns whether there may be more
   */
  runStep(stopping: AbortSignal): Promise<boolean>;
}

/** What a replica that died held is taken over by another after this long. */
const LEASE_SECONDS = 5;

/** Looks again and again whether there is work, and does it while this process holds the lease. */
export class LeasedJob {
  private readonly log: Logger;
  private readonly holder = randomUUID();
  private readonly shutdown = new AbortController();
  private stepAbort: AbortController | undefined;
  private running: Promise<void> | undefined;
  private leasedUntil = 0;
  private isFailing = false;

  constructor(
    private readonly leases: LeaseRepository,
    private readonly definition: JobDefinition,
  ) {
    this.log = new Logger(definition.name);
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when the step that has begun is over, and the lease is free for the next. */
  async stop(): Promise<void> {
    this.shutdown.abort();
    this.stepAbort?.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.shutdown;
    while (!signal.aborted) {
      await this.runTurn().then(
        () => this.recordSuccess(),
        (error: unknown) => this.recordFailure(error),
      );
      // Ends early when it is aborted, and then the loop does.
      await delay(this.definition.everyMs, undefined, { signal, ref: false }).catch(
        () => undefined,
      );
    }
  }

  private async runTurn(): Promise<void> {
    if (!(await this.definition.hasWork())) return;
    try {
      while (!this.shutdown.signal.aborted && (await this.acquireLease())) {
        if (!(await this.runStep())) return;
        // SQLite waits for nothing, so that without it requests would wait for all of the work.
        await setImmediate();
      }
    } finally {
      if (this.leasedUntil > 0) await this.leases.release(this.definition.name, this.holder);
      this.leasedUntil = 0;
    }
  }

  /** With a signal of its own: one that lived on would keep a trace of each that a step ever made of it (`AbortSignal.any`). */
  private runStep(): Promise<boolean> {
    this.stepAbort = new AbortController();
    if (this.shutdown.signal.aborted) this.stepAbort.abort();
    return this.definition.runStep(this.stepAbort.signal);
  }

  /** Prolonged when half of it is left. */
  private async acquireLease(): Promise<boolean> {
    const now = this.definition.now();
    if (now < this.leasedUntil - (LEASE_SECONDS / 2) * 1000) return true;
    const wish = { holder: this.holder, now, seconds: LEASE_SECONDS };
    const isMine = await this.leases.acquire(this.definition.name, wish);
    this.leasedUntil = isMine ? now + LEASE_SECONDS * 1000 : 0;
    return isMine;
  }

  /** Told when it begins and when it is over: a database that is away for an hour is not 3,600 lines. */
  private recordFailure(error: unknown): void {
    if (this.isFailing) return;
    this.isFailing = true;
    const [text, stack] = error instanceof Error ? [error.message, error.stack] : [String(error)];
    this.log.error(`fails, and is tried again: ${text}`, stack);
  }

  private recordSuccess(): void {
    if (this.isFailing) this.log.log('succeeds again');
    this.isFailing = false;
  }
}
