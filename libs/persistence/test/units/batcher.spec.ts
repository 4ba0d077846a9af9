import { setImmediate as endOfTurn } from 'node:timers/promises';
import { Batcher } from '../../src/batcher.js';

/** A database that answers when the test says so. */
function createBatcher(maxRunning?: number) {
  const batches: { readonly items: readonly number[]; answer(): void }[] = [];
  const run = (items: readonly number[]) =>
    new Promise<number[]>((resolve) => {
      batches.push({ items, answer: () => resolve(items.map((item) => item * 10)) });
    });
  return { batcher: new Batcher(run, maxRunning), batches };
}

const submitAndSettle = async (batcher: Batcher<number, number>, ...items: number[]) => {
  const results = items.map((item) => batcher.submit(item));
  await endOfTurn();
  await endOfTurn();
  return results;
};

describe('statements that share a batch', () => {
  it.each([
    [1, [[1, 2]]],
    [2, [[1, 2], [3]]],
  ])('runs at most %i batch(es) before the database answers', async (maxRunning, sent) => {
    const { batcher, batches } = createBatcher(maxRunning);
    void (await submitAndSettle(batcher, 1, 2));
    void (await submitAndSettle(batcher, 3));
    void (await submitAndSettle(batcher, 4, 5));

    expect(batches.map(({ items }) => items)).toEqual(sent);
  });

  it('sends the calls that waited in one batch, and gives each call its own result', async () => {
    const { batcher, batches } = createBatcher(2);
    const first = await submitAndSettle(batcher, 1);
    const second = await submitAndSettle(batcher, 2);
    const third = await submitAndSettle(batcher, 3, 4);
    batches[1]?.answer();
    expect(await Promise.all(second)).toEqual([20]);
    await endOfTurn();
    await endOfTurn();
    expect(batches.map(({ items }) => items)).toEqual([[1], [2], [3, 4]]);

    batches[2]?.answer();
    batches[0]?.answer();
    expect(await Promise.all([...first, ...third])).toEqual([10, 30, 40]);
  });
});
