import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, Logger } from '@nestjs/common';
import type { Clearance } from './clearance.js';

/** Steps of one clearance in one turn: what is left waits for the next. */
const STEPS = 100;
/** As long as a step took, so that at most half of the time is the janitor's; in milliseconds. */
const PAUSE = { least: 1, most: 200 };

/** Removes what nobody needs any more, a little at a time. Modules add what is theirs. */
@Injectable()
export class Janitor {
  private readonly log = new Logger('Janitor');
  private readonly clearances: Clearance[] = [];

  constructor(private readonly clock: Clock) {}

  add(clearance: Clearance): void {
    this.clearances.push(clearance);
  }

  /**
   * One turn.
   * @throws {AggregateError} of the clearances that failed, after the others had their turn
   */
  async clear(stopping: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const clearance of this.clearances) {
      await this.turn(clearance, stopping).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, reasonsOf(failures));
  }

  private async turn(clearance: Clearance, stopping: AbortSignal): Promise<void> {
    let removed = 0;
    for (let step = 0; step < STEPS && !stopping.aborted; step += 1) {
      const begun = performance.now();
      const cleared = await clearance.step(this.clock.now());
      removed += cleared.removed;
      if (cleared.isDone) break;
      await delay(pauseAfter(performance.now() - begun));
    }
    if (removed > 0) this.log.log({ cleared: clearance.name, removed });
  }
}

const pauseAfter = (took: number): number => Math.min(Math.max(took, PAUSE.least), PAUSE.most);

const reasonsOf = (failures: readonly unknown[]): string =>
  failures.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
