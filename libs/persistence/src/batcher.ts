let isSettling = false;

/**
 * Resolves at the end of the current event-loop turn, so that statements issued in the same turn share one batch. A call from a
 * callback of that end resolves after all such callbacks. Requests that arrive together therefore also share the second and third
 * statement of a sequence.
 */
export function waitForEndOfTurn(): Promise<void> {
  if (isSettling) return new Promise((resolve) => process.nextTick(resolve));
  return new Promise((resolve) => {
    setImmediate(() => {
      isSettling = true;
      resolve();
    });
    // Runs after all callbacks of the first setImmediate, and before sockets are read again.
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
 * Joins database requests that arrive in the same event-loop turn, or while a batch runs. Under load many requests then share one
 * round trip and one commit. A single request does not wait. When a batch fails, its members run again one by one, so that each
 * succeeds or fails alone.
 */
export class Batcher<Item, Result> {
  private pending: PendingItem<Item, Result>[] = [];
  private isBusy = false;

  /** @param run returns the results in the order of the items */
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
