import { LeaseRepository, Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Clock } from '@gatehouse/service-kit';
import { DatabaseClock } from '../../src/platform/database-clock.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const systemNow = Date.now;
afterEach(() => {
  Date.now = systemNow;
});

eachDatabase('the clock of a replica', (fresh, name) => {
  const isShared = name === 'PostgreSQL';

  it(`${isShared ? 'follows the database' : 'follows the machine'} on a machine that is an hour ahead`, async () => {
    const { app } = await TestAuth.start(toDatabaseSettings(await fresh()));
    Date.now = () => systemNow() + 3_600_000;
    const clock = new Clock();

    const scheduler = new Scheduler(app.get(LeaseRepository), { clock });
    await new DatabaseClock(app.get(UnitOfWork), clock, scheduler).onModuleInit();

    const ahead = clock.now() - systemNow();
    expect(Math.abs(ahead - (isShared ? 0 : 3_600_000))).toBeLessThan(60_000);
  });

  if (!isShared) return;

  it('does not jump when the clock of the machine is corrected by five minutes', async () => {
    const { app } = await TestAuth.start(toDatabaseSettings(await fresh()));
    const clock = new Clock();
    const scheduler = new Scheduler(app.get(LeaseRepository), { clock });
    await new DatabaseClock(app.get(UnitOfWork), clock, scheduler).onModuleInit();
    for (const seconds of [-300, 300]) {
      Date.now = () => systemNow() + seconds * 1000;
      expect(Math.abs(clock.now() - systemNow())).toBeLessThan(60_000);
    }
  });
});
