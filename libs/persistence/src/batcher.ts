import { DatabaseUnavailableException } from './database-unavailable.exception.js';

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

/**
 * How many batches PostgreSQL gets at the same time. With one, Node waits while PostgreSQL works, and the other way round. With
 * two, both work (decision 47).
 */
export const POSTGRES_BATCHES = 2;

interface PendingItem<Item, Result> {
  readonly item: Item;
  resolve(result: Result | PromiseLike<Result>): void;
  reject(error: unknown): void;
}

/**
 * Joins database requests that arrive in the same event-loop turn, or while batches run. Under load many requests then share one
 * round trip and one commit. A single request does not wait. When a statement is at fault, the members of its batch run again one
 * by one, so that each succeeds or fails alone. When the database is unavailable, they fail together: one by one, each would wait
 * for the same timeout.
 */
export class Batcher<Item, Result> {
  private pending: PendingItem<Item, Result>[] = [];
  private running = 0;

  /**
   * @param run returns the results in the order of the items; a rejected promise fails its item alone
   * @param maxRunning how many batches run at the same time, at most
   */
  constructor(
    private readonly run: (
      items: readonly Item[],
    ) => Promise<(Result | PromiseLike<Result>)[]> | Result[],
    private readonly maxRunning = 1,
  ) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.pending.push({ item, resolve, reject });
      if (this.running < this.maxRunning) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.running += 1;
    while (this.pending.length > 0) {
      await waitForEndOfTurn();
      const batch = this.pending;
      this.pending = [];
      if (batch.length > 0) await runTogether(batch, (members) => this.runBatch(members));
    }
    this.running -= 1;
  }

  private async runBatch(batch: readonly PendingItem<Item, Result>[]): Promise<void> {
    const results = await this.run(batch.map(({ item }) => item));
    batch.forEach((member, index) =>
      member.resolve(results[index] as Result | PromiseLike<Result>),
    );
  }
}

/** A member of a group of statements or transactions. */
interface Rejectable {
  reject(error: unknown): void;
}

/**
 * Runs a group as one. When a member is at fault, each runs alone. When the database is unavailable, all that have not run fail.
 * @param run settles its members, or throws before it settles any
 */
export async function runTogether<Member extends Rejectable>(
  group: readonly Member[],
  run: (members: readonly Member[]) => Promise<void>,
): Promise<void> {
  const failure = await catchError(run(group));
  if (failure === undefined) return;
  let shared = group.length === 1 ? failure : asUnavailable(failure);
  for (const member of group) {
    shared ??= await runAlone(member, run);
    if (shared) member.reject(shared.error);
  }
}

interface Failure {
  readonly error: unknown;
}

const catchError = (work: Promise<void>): Promise<Failure | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );

const asUnavailable = (failure: Failure): Failure | undefined =>
  failure.error instanceof DatabaseUnavailableException ? failure : undefined;

/** @returns the failure that the remaining members share */
async function runAlone<Member extends Rejectable>(
  member: Member,
  run: (members: readonly Member[]) => Promise<void>,
): Promise<Failure | undefined> {
  const failure = await catchError(run([member]));
  if (failure === undefined) return undefined;
  member.reject(failure.error);
  return asUnavailable(failure);
}
