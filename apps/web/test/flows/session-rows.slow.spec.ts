import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { createService } from '@gatehouse/service-kit';
import { TestClock } from '@gatehouse/service-kit/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../src/app.module.js';
import { serviceOptions } from '../../src/service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { toSessionKey } from '../../src/sessions/session-cookie.js';
import { WebSessionRepository } from '../../src/sessions/web-session.repository.js';
import { webConfig } from '../../src/web.config.js';

const CONTENT = { refreshToken: 'refresh', accessTokens: {} };
const HOUR = 3600;

eachDatabase('rows of sessions', (fresh) => {
  const apps: NestFastifyApplication[] = [];
  const clock = new TestClock();

  async function start({ dataDir, databaseUrl }: TestDatabase, TOOL = 'shop') {
    const config = webConfig({
      TOOL,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      SESSIONS_PER_ACCOUNT: '3',
      SESSION_IDLE_TTL: String(HOUR),
      SESSION_TTL: String(2 * HOUR),
      LOG_LEVEL: 'silent',
    });
    const app = await createService(AppModule.forRoot(config, { clock }), serviceOptions(config));
    apps.push(app);
    const sessions = app.get(SessionService);
    return {
      app,
      rows: app.get(WebSessionRepository),
      signIn: (sub: string, sid = 'sid') => sessions.create({ sub, sid }, CONTENT),
      isOpen: async (secret: string) => (await sessions.load(toSessionKey(secret))) !== undefined,
    };
  }
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  it('keeps the newest sessions of an account in a tool, also when it signs in ten times at once', async () => {
    const web = await start(await fresh());
    const [oldest = ''] = [await web.signIn('alice')];
    clock.advance({ seconds: 1 });
    const parallel = await Promise.all(Array.from({ length: 10 }, () => web.signIn('alice')));
    const other = await web.signIn('bob');
    const open = await Promise.all(parallel.map((secret) => web.isOpen(secret)));
    expect(open.filter(Boolean)).toHaveLength(3);
    expect(await web.isOpen(oldest)).toBe(false);
    expect(await web.isOpen(other)).toBe(true);
  });

  it('gives one of ten callers the claim on a refresh, and another one after its end', async () => {
    const database = await fresh();
    const [one, other] = [await start(database), await start(database)];
    const { id } = toSessionKey(await one.signIn('alice'));
    const claimAll = () =>
      Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          (n % 2 === 0 ? one : other).rows.claim(id, `claim-${n}`, 6000),
        ),
      );
    expect((await claimAll()).filter(Boolean)).toHaveLength(1);
    expect((await claimAll()).filter(Boolean)).toHaveLength(0);
    clock.advance({ seconds: 6 });
    expect((await claimAll()).filter(Boolean)).toHaveLength(1);
  });

  it('writes no payload for a claim that another caller has taken over', async () => {
    const web = await start(await fresh());
    const secret = await web.signIn('alice');
    const { id } = toSessionKey(secret);
    await web.rows.claim(id, 'late', 6000);
    clock.advance({ seconds: 7 });
    await web.rows.claim(id, 'next', 6000);
    await web.rows.release(id, 'late', 'a payload of the late one');
    expect(await web.isOpen(secret)).toBe(true);
  });

  it('ends sessions that were not used, and all at their absolute end, and deletes their rows', async () => {
    const web = await start(await fresh());
    const [used, unused] = [await web.signIn('alice'), await web.signIn('alice')];
    clock.advance({ seconds: HOUR - 1 });
    expect(await web.isOpen(used)).toBe(true);
    clock.advance({ seconds: 2 });
    expect([await web.isOpen(used), await web.isOpen(unused)]).toEqual([true, false]);
    clock.advance({ seconds: HOUR });
    expect(await web.isOpen(used)).toBe(false);
    await web.app.get(CleanupJob).runStep();
    const rows = await web.app.get(UnitOfWork).query('SELECT id FROM web_session');
    expect(rows).toEqual([]);
  });

  it('opens a session in its own tool only, and ends it from either by its sid', async () => {
    const database = await fresh();
    const [shop, office] = [await start(database), await start(database, 'back-office')];
    const secrets = [
      await shop.signIn('alice', 'one'),
      await office.signIn('alice', 'two'),
    ] as const;
    expect(await office.isOpen(secrets[0])).toBe(false);
    expect(await shop.isOpen(secrets[1])).toBe(false);
    expect(await shop.rows.deleteBySid('two')).toBe(1);
    expect(await office.isOpen(secrets[1])).toBe(false);
    expect(await shop.isOpen(secrets[0])).toBe(true);
    expect(await office.rows.deleteBySid('one')).toBe(1);
    expect(await shop.isOpen(secrets[0])).toBe(false);
  });
});
