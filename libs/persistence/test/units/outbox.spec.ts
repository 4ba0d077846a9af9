import { TestClock } from '@gatehouse/service-kit/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Database, openDatabase, Outbox } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';

class CreateMessages1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE message (id varchar(32) NOT NULL PRIMARY KEY, body varchar(200) NOT NULL, fault varchar(200),
         attempts integer NOT NULL, next_attempt_at bigint)`,
    );
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE message');
  }
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly attempts: number;
}

eachDatabase('an outbox', (fresh) => {
  let database: Database;
  let clock: TestClock;
  let outbox: Outbox<Message>;

  beforeEach(async () => {
    database = await openDatabase({
      ...(await fresh()),
      name: 'messages',
      entities: [],
      migrations: [CreateMessages1700000000000],
      migrate: true,
    });
    clock = new TestClock();
    outbox = new Outbox(database.unitOfWork, clock, {
      table: 'message',
      key: 'id',
      columns: 'id, body, attempts',
      claimMs: 15_000,
      minPauseMs: 1_000,
      maxPauseMs: 4_000,
    });
  });
  afterEach(() => database.close());

  const add = (id: string, dueInSeconds = 0) =>
    database.unitOfWork.execute(
      'INSERT INTO message (id, body, attempts, next_attempt_at) VALUES ($1, $2, 0, $3)',
      [id, `body of ${id}`, clock.now() + dueInSeconds * 1000],
    );
  const claim = async () => (await outbox.claimDue(10)).map(({ id }) => id).sort();
  const find = async (id: string) => {
    const [row] = await database.unitOfWork.query<{ fault: string | null; next: number | null }>(
      'SELECT fault, next_attempt_at AS next FROM message WHERE id = $1',
      [id],
    );
    return row;
  };

  it('claims due messages only, oldest first, and counts the attempt', async () => {
    await add('late', 60);
    await add('second');
    await add('first', -1);

    expect(await outbox.claimDue(1)).toEqual([{ id: 'first', body: 'body of first', attempts: 1 }]);
    expect(await claim()).toEqual(['second']);
    expect(await outbox.hasDue()).toBe(false);
  });

  it('claims a message that was stored before a clock was set back by five minutes', async () => {
    await add('one');
    clock.correct({ seconds: -300 });
    expect(await outbox.hasDue()).toBe(true);
    expect(await claim()).toEqual(['one']);
    expect(await claim()).toEqual([]);
  });

  it('claims due messages except those with the named values', async () => {
    for (const id of ['one', 'two', 'three']) await add(id);
    const except = { column: 'body', values: ['body of one', 'body of two'] };
    expect(await outbox.claimDue(10, except)).toMatchObject([{ id: 'three' }]);
    expect(await claim()).toEqual(['one', 'two']);
  });

  it('gives each message to one of twenty simultaneous callers', async () => {
    for (let n = 0; n < 10; n += 1) await add(`m${n}`);
    const claims = await Promise.all(Array.from({ length: 20 }, () => outbox.claimDue(3)));
    const ids = claims.flat().map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes a claimed message due again after the claim time, because its process may have died', async () => {
    await add('one');
    await claim();
    clock.advance({ seconds: 14.9 });
    expect(await claim()).toEqual([]);
    clock.advance({ seconds: 0.1 });

    expect(await outbox.claimDue(10)).toMatchObject([{ id: 'one', attempts: 2 }]);
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [9, 4_000],
  ])(
    'pauses after %i failures for %i ms and up to half as long again',
    async (attempts, pauseMs) => {
      await add('one');
      await outbox.retryLater('one', attempts);
      const pause = Number((await find('one'))?.next) - clock.now();

      expect(pause).toBeGreaterThanOrEqual(pauseMs);
      expect(pause).toBeLessThanOrEqual(pauseMs * 1.5);
    },
  );

  it('keeps a closed message with its values, and never makes it due again', async () => {
    await add('one');
    await outbox.close('one', { fault: 'refused' });
    await outbox.retryLater('one', 1);
    clock.advance({ seconds: 3600 });

    expect(await outbox.hasDue()).toBe(false);
    expect(await find('one')).toEqual({ fault: 'refused', next: null });
  });

  it('deletes a delivered message', async () => {
    await add('one');
    await outbox.delete('one');

    expect(await find('one')).toBeUndefined();
  });
});
