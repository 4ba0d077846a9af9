import { endOfTurn } from './turn.js';

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Requests to the database that arrive in the same turn of the event loop, or while another is on its way, travel
 * together. Under load that is one round trip and one commit for many; alone, nothing waits. When a batch fails its
 * members run again one by one, so that each succeeds or fails alone.
 */
export class Batcher<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private busy = false;

  /** @param run gives the results in the order of the items */
  constructor(private readonly run: (items: readonly Item[]) => Promise<Result[]> | Result[]) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      await endOfTurn();
      const batch = this.waiting;
      this.waiting = [];
      await this.settle(batch);
    }
    this.busy = false;
  }

  private async settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(batch.map(({ item }) => item));
      batch.forEach((member, index) => member.resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const member of batch) await this.settle([member]);
    }
  }
}
