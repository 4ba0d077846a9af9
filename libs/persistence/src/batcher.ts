let isSettling = false;

/**
 * Resolves when everything that can be done in this turn of the event loop has been started, so that it can be done
 * together: what the sockets brought meanwhile when called from there, and when called from what follows a turn's end,
 * whatever else follows from it. Of a look-up that leads to a look-up that leads to a write, all three are shared by the
 * requests that arrived together.
 */
export function waitForEndOfTurn(): Promise<void> {
  if (isSettling) return new Promise((resolve) => process.nextTick(resolve));
  return new Promise((resolve) => {
    setImmediate(() => {
      isSettling = true;
      resolve();
    });
    // Runs when all that follows from the one above is done, and before the sockets are read again.
    setImmediate(() => {
      isSettling = false;
    });
  });
}

interface PendingItem<Item, Result> {
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
  private pending: PendingItem<Item, Result>[] = [];
  private isBusy = false;

  /** @param run gives the results in the order of the items */
  constructor(private readonly run: (items: readonly Item[]) => Promise<Result[]> | Result[]) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.pending.push({ item, resolve, reject });
      if (!this.isBusy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.isBusy = true;
    while (this.pending.length > 0) {
      await waitForEndOfTurn();
      const batch = this.pending;
      this.pending = [];
      await this.runBatch(batch);
    }
    this.isBusy = false;
  }

  private async runBatch(batch: readonly PendingItem<Item, Result>[]): Promise<void> {
    try {
      const results = await this.run(batch.map(({ item }) => item));
      batch.forEach((member, index) => member.resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const member of batch) await this.runBatch([member]);
    }
  }
}
