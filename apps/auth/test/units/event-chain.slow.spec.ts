import { CleanupJob, type Database } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import { hashEvent } from '../../src/platform/security-events/event-chain.js';
import { EventChainService } from '../../src/platform/security-events/event-chain.service.js';
import { EventRetentionCleanup } from '../../src/platform/security-events/event-retention.js';
import { SecurityEventRepository } from '../../src/platform/security-events/security-event.repository.js';
import { SecurityEventService } from '../../src/platform/security-events/security-event.service.js';
import { openAuthDatabase } from '../support/auth-database.js';
import { TestClock } from '../support/test-auth.js';

const YEAR = 31_536_000;
const DAY = 86_400;

eachDatabase('the chain of security events', (fresh, name) => {
  let database: Database & Awaited<ReturnType<typeof openAuthDatabase>>;
  let other: Database;
  let clock: TestClock;
  let events: SecurityEventService;
  let chain: EventChainService;
  /** Another process on the same database. */
  let otherChain: EventChainService;
  let retention: EventRetentionCleanup;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    const at = await fresh();
    database = await openAuthDatabase(at);
    other = await openAuthDatabase(at);
    clock = new TestClock();
    const repository = new SecurityEventRepository(database.unitOfWork);
    events = new SecurityEventService(repository, clock);
    chain = new EventChainService(repository);
    otherChain = new EventChainService(new SecurityEventRepository(other.unitOfWork));
    retention = createRetention(database);
  });
  afterAll(async () => {
    await database.close();
    await other.close();
  });
  beforeEach(() => database.unitOfWork.execute('DELETE FROM security_event'));

  const createRetention = ({ unitOfWork }: Database) => {
    const repository = new SecurityEventRepository(unitOfWork);
    const service = new SecurityEventService(repository, clock);
    const cleanup = new CleanupJob(clock);
    return new EventRetentionCleanup(unitOfWork, repository, service, cleanup, database.config);
  };
  const happen = async (times: number) => {
    for (let n = 0; n < times; n += 1) {
      clock.advance({ seconds: 1 });
      await events.record({ type: 'account.registered', accountId: `acct_${n}` });
    }
  };
  const happenAtOnce = (times: number) =>
    Promise.all(
      Array.from({ length: times }, (_, n) =>
        events.record({ type: 'account.registered', accountId: `acct_${n}` }),
      ),
    );
  const linked = async (times: number) => {
    await happen(times);
    await chain.linkPending();
  };
  const tamper = (sql: string) => database.unitOfWork.execute(sql);
  const seqs = async () => (await chain.findEvents({ limit: 10_000 })).map(({ seq }) => seq);
  const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

  it('links events in the order of their time, each to the previous one', async () => {
    await linked(3);
    await linked(2);
    const read = await chain.findEvents({ limit: 10 });
    expect(read.map(({ seq, accountId }) => [seq, accountId])).toEqual([
      [1, 'acct_0'],
      [2, 'acct_1'],
      [3, 'acct_2'],
      [4, 'acct_0'],
      [5, 'acct_1'],
    ]);
    expect(read.map(({ at }) => at)).toEqual(read.map(({ at }) => at).sort());
    expect(await chain.verify()).toEqual({ events: 5 });
    expect(await chain.findHead()).toEqual({ seq: 5, hash: read[4]?.hash });
  });

  it('links every event once when two replicas link at the same time', async () => {
    const recordEvents = async () => {
      for (let n = 0; n < 30; n += 1) await happenAtOnce(10);
    };
    const link = async (one: EventChainService) => {
      for (let n = 0; n < 25; n += 1) await one.linkPending();
    };
    await Promise.all([recordEvents(), link(chain), link(otherChain), link(chain)]);
    await Promise.all([chain.linkPending(), otherChain.linkPending()]);
    await chain.linkPending();
    expect(await seqs()).toEqual(upTo(300));
    expect(await chain.verify()).toEqual({ events: 300 });
  });

  it('links a backlog in batches', async () => {
    await happenAtOnce(450);
    expect(await chain.linkPending()).toBe(450);
    expect(await chain.linkPending()).toBe(0);
    expect(await chain.verify()).toEqual({ events: 450 });
  });

  describe('the verification of a changed chain', () => {
    const changes: readonly (readonly [string, string, number])[] = [
      [
        'a changed detail',
        `UPDATE security_event SET detail = '{"accountId":"acct_x"}' WHERE seq = 3`,
        3,
      ],
      ['a changed time', 'UPDATE security_event SET at = at + 1 WHERE seq = 3', 3],
      ['a changed type', `UPDATE security_event SET type = 'family.begun' WHERE seq = 3`, 3],
      ['a changed account', `UPDATE security_event SET account_id = NULL WHERE seq = 3`, 3],
      ['a deleted event', 'DELETE FROM security_event WHERE seq = 3', 3],
      ['deleted first events', 'DELETE FROM security_event WHERE seq <= 2', 2],
      [
        'an inserted event',
        `UPDATE security_event SET seq = seq + 1000 WHERE seq >= 3;
         INSERT INTO security_event (id, at, type, detail, seq, previous_hash, hash)
           SELECT 'x', at, type, detail, 3, previous_hash, hash FROM security_event WHERE seq = 1003;
         UPDATE security_event SET seq = seq - 999 WHERE seq > 1000`,
        3,
      ],
      [
        'two exchanged events',
        `UPDATE security_event SET seq = 1000 WHERE seq = 3;
         UPDATE security_event SET seq = 3 WHERE seq = 4;
         UPDATE security_event SET seq = 4 WHERE seq = 1000`,
        3,
      ],
    ];
    it.each(changes)('reports the place of %s', async (_, sql, brokenAt) => {
      await linked(6);
      for (const statement of sql.split(';')) await tamper(statement);
      expect((await chain.verify()).brokenAt).toBe(brokenAt);
    });

    it('reports the next event when the hash of a changed event was computed again', async () => {
      await linked(6);
      const [third] = await chain.findEvents({ after: 2, limit: 1 });
      if (!third) throw new Error('no third event');
      const hash = hashEvent({ ...third, detail: '{}' });
      await tamper(`UPDATE security_event SET detail = '{}', hash = '${hash}' WHERE seq = 3`);
      expect((await chain.verify()).brokenAt).toBe(4);
    });
  });

  it('reports a chain that was cut or written anew, if the operator noted a head', async () => {
    await linked(6);
    const notedHead = await chain.findHead();
    await linked(1);
    expect(await chain.verify(notedHead)).toEqual({ events: 7 });

    await tamper('DELETE FROM security_event WHERE seq >= 5');
    expect(await chain.verify()).toEqual({ events: 4 });
    expect(await chain.verify(notedHead)).toEqual({ events: 4, brokenAt: 5 });

    await linked(3);
    expect(await chain.verify()).toEqual({ events: 7 });
    expect(await chain.verify(notedHead)).toEqual({ events: 5, brokenAt: 6 });
  });

  it('finds events by account, by type, and after a place', async () => {
    await linked(5);
    await events.record({ type: 'client.created', clientId: 'shop', by: 'operator' });
    await chain.linkPending();
    const placesOf = async (query: Parameters<EventChainService['findEvents']>[0]) =>
      (await chain.findEvents(query)).map(({ seq }) => seq);
    expect(await placesOf({ accountId: 'acct_3', limit: 10 })).toEqual([4]);
    expect(await placesOf({ type: 'client.created', limit: 10 })).toEqual([6]);
    expect(await placesOf({ after: 2, limit: 2 })).toEqual([3, 4]);
    expect(await placesOf({ after: 2, type: 'account.registered', limit: 10 })).toEqual([3, 4, 5]);
  });

  it('exports JSON lines from which a reader can compute the hashes', async () => {
    await happenAtOnce(1_001);
    await chain.linkPending();
    const lines: string[] = [];
    for await (const line of chain.exportLines()) lines.push(line);
    expect(lines).toHaveLength(1_001);
    for (const line of lines) {
      expect(line.endsWith('}\n')).toBe(true);
      const event = JSON.parse(line);
      expect(event.hash).toBe(hashEvent(event));
      expect(Date.parse(event.time)).toBe(event.at);
    }
  });

  describe('the clean-up after EVENT_RETENTION', () => {
    it('deletes the old end of the chain, records the cut, and leaves a valid chain', async () => {
      await linked(4);
      clock.advance({ seconds: YEAR - DAY });
      await linked(3);
      clock.advance({ seconds: DAY + 3600 });
      expect(await retention.removeBatch(clock.now())).toEqual({ removed: 0, isDone: true });

      clock.advance({ seconds: DAY });
      const [fourth] = await chain.findEvents({ after: 3, limit: 1 });
      expect(await retention.removeBatch(clock.now())).toEqual({ removed: 7 - 3, isDone: true });
      expect(await chain.verify()).toEqual({ events: 3 });
      await chain.linkPending();
      expect(await seqs()).toEqual([5, 6, 7, 8]);
      const [cut] = await chain.findEvents({ after: 7, limit: 1 });
      expect(cut).toMatchObject({ type: 'events.pruned' });
      expect(JSON.parse(cut?.detail ?? '')).toEqual({ seq: 4, hash: fourth?.hash });
      expect(await chain.verify()).toEqual({ events: 4 });

      await tamper('DELETE FROM security_event WHERE seq = 5');
      expect((await chain.verify()).brokenAt).toBe(5);
    });

    it('keeps unlinked events, and the newest event of any age', async () => {
      await linked(2);
      await happen(1);
      clock.advance({ seconds: 3 * YEAR });
      expect(await retention.removeBatch(clock.now())).toEqual({ removed: 1, isDone: true });
      expect(await retention.removeBatch(clock.now())).toEqual({ removed: 0, isDone: true });
      await chain.linkPending();
      expect(await seqs()).toEqual([2, 3, 4]);
      expect(await chain.verify()).toEqual({ events: 3 });
    });

    it('cuts the chain once when two replicas cut at the same time', async () => {
      await linked(5);
      clock.advance({ seconds: 2 * YEAR });
      await linked(1);
      const otherRetention = createRetention(other);
      const steps = [retention, otherRetention, retention].map((one) =>
        one.removeBatch(clock.now()),
      );
      const removed = (await Promise.all(steps)).map((step) => step.removed);
      expect(removed.sort()).toEqual([0, 0, 5]);
      await chain.linkPending();
      const cuts = await chain.findEvents({ type: 'events.pruned', limit: 10 });
      expect(cuts).toHaveLength(1);
      expect(await chain.verify()).toEqual({ events: 2 });
    });
  });

  it('uses indexes to read, link and cut a long chain', async () => {
    const [seqNull, inChain, ofAccount] = [
      'SELECT id FROM security_event WHERE seq IS NULL ORDER BY at, id LIMIT 200',
      'SELECT id FROM security_event WHERE seq > 500 ORDER BY seq LIMIT 100',
      `SELECT id FROM security_event WHERE seq > 5 AND account_id = 'acct_7' ORDER BY seq LIMIT 10`,
    ];
    await database.unitOfWork.execute(
      name === 'SQLite'
        ? `INSERT INTO security_event (id, at, type, account_id, detail, seq) SELECT value, value, 't', 'acct_' || (value % 1000), '{}', value
           FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 100000) SELECT value FROM n)`
        : `INSERT INTO security_event (id, at, type, account_id, detail, seq) SELECT n, n, 't', 'acct_' || (n % 1000), '{}', n
           FROM generate_series(1, 100000) AS n`,
    );
    await database.unitOfWork.execute('ANALYZE security_event');
    const planOf = async (sql: string) =>
      JSON.stringify(
        await database.unitOfWork.query(
          `${name === 'SQLite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN'} ${sql}`,
        ),
      );
    expect(await planOf(seqNull)).toMatch(
      /INDEX security_event_in_chain \(seq=|Index Scan using security_event_not_in_chain/,
    );
    expect(await planOf(inChain)).toContain('security_event_in_chain');
    expect(await planOf(ofAccount)).toContain('security_event_of_account');
    expect(await planOf('DELETE FROM security_event WHERE seq <= 100')).toContain(
      'security_event_in_chain',
    );
  });
});
