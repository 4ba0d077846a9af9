import { readFile } from 'node:fs/promises';
import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import {
  EVENT_PROPERTIES,
  MAX_STORED_PER_MINUTE,
  SecurityEventService,
} from '../../src/platform/security-events/security-event.service.js';
import { EventChainService } from '../../src/platform/security-events/event-chain.service.js';
import { PASSWORD, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

interface Row {
  readonly type: string;
  readonly account_id: string | null;
  readonly detail: string;
}

eachDatabase('security events', (fresh) => {
  let auth: TestAuth;
  let settings: Record<string, string>;

  beforeAll(async () => {
    settings = {
      ...toDatabaseSettings(await fresh()),
    };
    auth = await TestAuth.start(settings);
  });
  beforeEach(() => auth.app.get(UnitOfWork).execute('DELETE FROM security_event'));

  const rows = (type?: string): Promise<Row[]> =>
    auth.app
      .get(UnitOfWork)
      .query(
        `SELECT type, account_id, detail FROM security_event WHERE type = $1 OR $1 = '' ORDER BY at, id`,
        [type ?? ''],
      );
  const detailsOf = async (type: string) =>
    (await rows(type)).map(({ detail }) => JSON.parse(detail));
  /** At most 25 at once, because the queue of password hashes is bounded. */
  const failures = async (times: number, email: (n: number) => string) => {
    const statuses: number[] = [];
    for (let from = 0; from < times; from += 25) {
      const some = Array.from({ length: Math.min(25, times - from) }, (_, n) =>
        auth.login(email(from + n), { password: 'wrong' }),
      );
      statuses.push(...(await Promise.all(some)).map(({ status }) => status));
    }
    return statuses;
  };
  /** Begins a minute in which earlier tests stored no events. */
  const nextMinute = () => auth.clock.advance({ seconds: 61 });

  it('stores an event for each security decision, and links it into the chain', async () => {
    await auth.createLogin();
    expect((await rows()).map(({ type }) => type).sort()).toEqual([
      'account.registered',
      'family.begun',
    ]);
    await auth.app.get(Scheduler).runNow('event-chain');
    expect(await auth.app.get(EventChainService).verify()).toEqual({ events: 2 });
  });

  it('stores no e-mail address, no password and no token', async () => {
    const { access_token, refresh_token } = await auth.createLogin();
    await auth.login('unknown@gatehouse.example');
    await auth.refresh(refresh_token);
    await auth.json('/auth/logout', { refresh_token });
    const text = JSON.stringify(await rows());
    expect(text).toContain('login.failed');
    for (const secret of ['@', PASSWORD, refresh_token.slice(0, 22), access_token.slice(-40)]) {
      expect(text).not.toContain(secret);
    }
  });

  it('stores a bounded number of failed logins per minute, and counts the others', async () => {
    nextMinute();
    const registered = 'registered@gatehouse.example';
    await auth.register(registered);
    const statuses = await failures(MAX_STORED_PER_MINUTE + 15, (n) =>
      n % 2 ? registered : `unknown-${n}@gatehouse.example`,
    );
    expect(new Set(statuses)).toEqual(new Set([400]));
    expect(await rows('login.failed')).toHaveLength(MAX_STORED_PER_MINUTE);
    expect(await rows('events.suppressed')).toEqual([]);

    nextMinute();
    await auth.app.get(Scheduler).runNow('suppressed-events');
    await auth.app.get(Scheduler).runNow('suppressed-events');
    expect(await detailsOf('events.suppressed')).toEqual([{ of: 'login.failed', count: 15 }]);

    await auth.login(registered, { password: 'wrong' });
    expect(await rows('login.failed')).toHaveLength(MAX_STORED_PER_MINUTE + 1);
  });

  it('bounds failed client authentications separately from failed logins', async () => {
    nextMinute();
    const refused = () =>
      auth
        .token({ grant_type: 'client_credentials' }, 'unknown:secret')
        .then(({ status }) => status);
    const statuses = await Promise.all(Array.from({ length: MAX_STORED_PER_MINUTE + 9 }, refused));
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(await rows('client.refused')).toHaveLength(MAX_STORED_PER_MINUTE);
    await failures(1, () => 'unknown@gatehouse.example');
    expect(await rows('login.failed')).toHaveLength(1);
  });

  it('stores the counts of suppressed events when the process stops', async () => {
    const stopping = await TestAuth.start(settings);
    const events = stopping.app.get(SecurityEventService);
    for (let n = 0; n < MAX_STORED_PER_MINUTE + 7; n += 1) {
      await events.record({ type: 'login.failed', reason: 'unknown_account' });
    }
    await stopping.stop();
    expect(await detailsOf('events.suppressed')).toEqual([{ of: 'login.failed', count: 7 }]);
  });

  describe('a table that cannot be written', () => {
    const rename = (from: string, to: string) =>
      auth.app.get(UnitOfWork).execute(`ALTER TABLE ${from} RENAME TO ${to}`);
    beforeEach(async () => {
      nextMinute();
      await rename('security_event', 'elsewhere');
    });
    afterEach(() => rename('elsewhere', 'security_event'));

    it('still answers a failed login', async () => {
      const { status, body } = await auth.login('unknown@gatehouse.example');
      expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    });

    it('fails the change that the event records (OWASP ASVS 16.5.3)', async () => {
      const unitOfWork = auth.app.get(UnitOfWork);
      const families = () => unitOfWork.query('SELECT count(*) AS n FROM refresh_token_family');
      const before = await families();
      await rename('elsewhere', 'security_event');
      const email = 'changes@gatehouse.example';
      await auth.register(email);
      await rename('security_event', 'elsewhere');
      expect((await auth.login(email)).status).toBe(500);
      expect(await families()).toEqual(before);
    });
  });
});

it('documents exactly the existing types of events in docs/security-events.md', async () => {
  const page = await readFile(
    new URL('../../../../docs/security-events.md', import.meta.url),
    'utf8',
  );
  const documented = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)`/gm)].map(([, type]) => type);
  expect(documented.sort()).toEqual(Object.keys(EVENT_PROPERTIES).sort());
});
