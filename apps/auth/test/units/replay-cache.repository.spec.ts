import { CleanupJob, openDatabase, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { authDatabase } from '../../src/database.js';
import { ReplayCacheRepository } from '../../src/tokens/replay-cache.repository.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';

eachDatabase('the replay cache (RFC 7523 §3, RFC 9449 §11.1)', (fresh) => {
  let auth: TestAuth;
  let values: ReplayCacheRepository;
  beforeAll(async () => {
    auth = await TestAuth.start(toDatabaseSettings(await fresh()));
    values = auth.app.get(ReplayCacheRepository);
  });
  afterAll(() => auth.stop());

  const inAMinute = () => auth.clock.now() + 60_000;
  const countRows = async () =>
    (await auth.app.get(UnitOfWork).query('SELECT * FROM used_value')).length;

  it('accepts a value once per purpose', async () => {
    expect(await values.markUsed('assertion of a', 'one', inAMinute())).toBe(true);
    expect(await values.markUsed('assertion of a', 'one', inAMinute())).toBe(false);
    expect(await values.markUsed('assertion of b', 'one', inAMinute())).toBe(true);
  });

  it('accepts a value once when two replicas use it many times at once', async () => {
    const replica = await openDatabase(authDatabase(auth.config));
    const other = new ReplayCacheRepository(replica.unitOfWork, new CleanupJob(auth.clock));
    const uses = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? values : other).markUsed('race', 'jti', inAMinute()),
    );
    expect((await Promise.all(uses)).filter(Boolean)).toEqual([true]);
    await replica.close();
  });

  it('deletes expired values only', async () => {
    await values.markUsed('late', 'value', auth.clock.now() + 600_000);
    auth.clock.advance({ seconds: 180 });
    await auth.app.get(CleanupJob).run(new AbortController().signal);
    expect(await countRows()).toBe(1);
    expect(await values.markUsed('late', 'value', inAMinute())).toBe(false);
  });
});
