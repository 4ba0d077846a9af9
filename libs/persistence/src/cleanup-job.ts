import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { CleanupTask } from './cleanup-tasks.js';
import type { TimeSource } from './held-lease.js';

/** Steps of one task in one run. Rows beyond that stay for the next run. */
const MAX_STEPS_PER_TASK = 100;
/** The longest pause of clean-up that finds no expired rows. A write of the process ends it. */
export const CLEANUP_IDLE_SECONDS = 600;
/** Bounds of the pause after a step. */
const PAUSE_MS = { min: 1, max: 200 };

/** Deletes expired rows in small batches. Each repository adds the tasks of its table. */
@Injectable()
export class CleanupJob {
  private readonly logger = new Logger('Cleanup');
  private readonly tasks: CleanupTask[] = [];

  constructor(private readonly clock: TimeSource) {}

  add(task: CleanupTask): void {
    this.tasks.push(task);
  }

  /** @returns whether a task may find rows to delete */
  async hasExpiredRows(): Promise<boolean> {
    const now = this.clock.now();
    const answers = this.tasks.map(async (task) => (await task.hasExpiredRows?.(now)) ?? true);
    return (await Promise.all(answers)).includes(true);
  }

  /**
   * Deletes one batch of each task.
   *
   * @returns whether there may be more expired rows
   */
  async runStep(): Promise<boolean> {
    const now = this.clock.now();
    const steps = await Promise.all(this.tasks.map((task) => task.removeBatch(now)));
    return steps.some(({ isDone }) => !isDone);
  }

  /**
   * Runs each task until it is done or has made its steps.
   *
   * @returns whether rows were deleted
   * @throws {AggregateError} after the last task, with the failures of all tasks
   */
  async run(stopping: AbortSignal): Promise<boolean> {
    const failures: unknown[] = [];
    let removed = 0;
    for (const task of this.tasks) {
      try {
        removed += await this.runTask(task, stopping);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, joinMessages(failures));
    return removed > 0;
  }

  private async runTask(task: CleanupTask, stopping: AbortSignal): Promise<number> {
    let removed = 0;
    for (let step = 0; step < MAX_STEPS_PER_TASK && !stopping.aborted; step += 1) {
      const startedAt = performance.now();
      const result = await task.removeBatch(this.clock.now());
      removed += result.removed;
      if (result.isDone) break;
      await delay(computePauseMs(performance.now() - startedAt));
    }
    if (removed > 0) this.logger.log({ cleared: task.name, removed });
    return removed;
  }
}

/** The pause is as long as the step was, so cleaning takes at most half of the time. */
const computePauseMs = (stepMs: number): number =>
  Math.min(Math.max(stepMs, PAUSE_MS.min), PAUSE_MS.max);

const joinMessages = (failures: readonly unknown[]): string =>
  failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
