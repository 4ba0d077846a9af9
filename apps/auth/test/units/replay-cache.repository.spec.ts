import { CleanupJob, openDatabase, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { authDatabase } from '../../src/database.js';
import { ReplayCacheRepository } from '../../src/tokens/replay-cache.repository.js';
import { TestAuth } from '../support/test-auth.js';

eachDatabase('values that are good once (RFC 7523 §3, RFC 9449 §11.1)', (fresh) => {
  let auth: TestAuth;
  let values: ReplayCacheRepository;
  beforeAll(async () => {
    const { databaseUrl, dataDir } = await fresh();
    const url = databaseUrl !== undefined && { DATABASE_URL: databaseUrl };
    auth = await TestAuth.start({ DATA_DIR: dataDir, ...url });
    values = auth.app.get(ReplayCacheRepository);
  });
  afterAll(() => auth.stop());

  const inAMinute = () => auth.clock.now() + 60_000;
  const kept = async () =>
    (await auth.app.get(UnitOfWork).query('SELECT * FROM used_value')).length;

  it('are used once, for each purpose', async () => {
    expect(await values.markUsed('assertion of a', 'one', inAMinute())).toBe(true);
    expect(await values.markUsed('assertion of a', 'one', inAMinute())).toBe(false);
    expect(await values.markUsed('assertion of b', 'one', inAMinute())).toBe(true);
  });

  it('are used by one of many at once, here and on another replica', async () => {
    const replica = await openDatabase(authDatabase(auth.config));
    const elsewhere = new ReplayCacheRepository(replica.unitOfWork);
    const uses = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? values : elsewhere).markUsed('race', 'jti', inAMinute()),
    );
    expect((await Promise.all(uses)).filter(Boolean)).toEqual([true]);
    await replica.close();
  });

  it('are forgotten when they are refused anyway', async () => {
    await values.markUsed('late', 'value', auth.clock.now() + 600_000);
    auth.clock.advance({ seconds: 180 });
    await auth.app.get(CleanupJob).run(new AbortController().signal);
    expect(await kept()).toBe(1);
    expect(await values.markUsed('late', 'value', inAMinute())).toBe(false);
  });
});
