import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthRecords } from '../auth-database.js';

const PAUSE_MS = 50;

/** Looks at the keys again and again: at any time one of them signs. */
export class KeyWatch {
  looks = 0;
  /** How many keys were active whenever it was not one. */
  readonly violations: number[] = [];

  constructor(private readonly records: AuthRecords) {}

  async watch(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const keys = await this.records.listKeys();
      if (keys.length > 0)
        this.recordActiveKeys(keys.filter(({ state }) => state === 'active').length);
      await sleep(PAUSE_MS);
    }
  }

  private recordActiveKeys(active: number): void {
    this.looks += 1;
    if (active !== 1) this.violations.push(active);
  }
}
