import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, Logger } from '@nestjs/common';
import type { CleanupTask } from './cleanup-tasks.js';

/** Steps of one clearance in one turn: what is left waits for the next. */
const MAX_STEPS_PER_TASK = 100;
/** As long as a step took, so that at most half of the time is the janitor's; in milliseconds. */
const PAUSE_MS = { least: 1, most: 200 };

/** Removes what nobody needs any more, a little at a time. Modules add what is theirs. */
@Injectable()
export class CleanupJob {
  private readonly logger = new Logger('Janitor');
  private readonly tasks: CleanupTask[] = [];

  constructor(private readonly clock: Clock) {}

  add(clearance: CleanupTask): void {
    this.tasks.push(clearance);
  }

  /**
   * One turn.
   * @throws {AggregateError} of the clearances that failed, after the others had their turn
   */
  async run(stopping: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const clearance of this.tasks) {
      await this.runTask(clearance, stopping).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, joinMessages(failures));
  }

  private async runTask(clearance: CleanupTask, stopping: AbortSignal): Promise<void> {
    let removed = 0;
    for (let step = 0; step < MAX_STEPS_PER_TASK && !stopping.aborted; step += 1) {
      const begun = performance.now();
      const cleared = await clearance.removeBatch(this.clock.now());
      removed += cleared.removed;
      if (cleared.isDone) break;
      await delay(computePause(performance.now() - begun));
    }
    if (removed > 0) this.logger.log({ cleared: clearance.name, removed });
  }
}

const computePause = (took: number): number =>
  Math.min(Math.max(took, PAUSE_MS.least), PAUSE_MS.most);

const joinMessages = (failures: readonly unknown[]): string =>
  failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
