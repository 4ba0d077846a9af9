import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthRecords } from '../auth-database.js';

const PAUSE_MS = 50;

/** Polls the signing keys and records each moment at which not exactly one is active. */
export class KeyWatch {
  looks = 0;
  /** The number of active keys at each violation. */
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
