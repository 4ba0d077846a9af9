import { openDatabase } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { AuthorizedClientService, ConsentService } from '../../src/sessions/consent.service.js';
import { authDatabase } from '../../src/database.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { decodeClaims, PHOTOS, TestAuth } from '../support/test-auth.js';

const FAMILIES = 100_000;
const ACCOUNTS = 10_000;

/** Records every SQL text that is sent to the database from now on, and the failures of PostgreSQL. */
function recordStatements(name: 'SQLite' | 'PostgreSQL', { driver }: DataSource) {
  const sent = new Set<string>();
  const failures: unknown[] = [];
  const [prototype, method]: [object, string] =
    name === 'SQLite'
      ? [Object.getPrototypeOf(Reflect.get(driver, 'databaseConnection')), 'prepare']
      : [Reflect.get(Reflect.get(driver, 'postgres'), 'Client').prototype, 'query'];
  const original = Reflect.get(prototype, method);
  Reflect.set(prototype, method, function (this: unknown, ...given: unknown[]) {
    const [first] = given;
    sent.add(String(typeof first === 'string' ? first : Reflect.get(Object(first), 'text')));
    const answer: unknown = Reflect.apply(original, this, given);
    if (answer instanceof Promise) answer.catch((error: unknown) => failures.push(error));
    return answer;
  });
  return { sent, failures, stop: () => Reflect.set(prototype, method, original) };
}

/** Every fourth family is active. Of these, every tenth belongs to a client whose sessions are revoked. */
const seeds = (series: string) => [
  ...['seed', 'leaving'].map(
    (id) => `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, created_at)
      VALUES ('${id}', 'none', '', 'refresh_token', 'photos:read', 0)`,
  ),
  `INSERT INTO account (id, email, password_hash, created_at)
   SELECT 'acct_' || n, n || '@seed.example', 'x', 0 FROM (${series}) AS s WHERE n < ${ACCOUNTS}`,
  `INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation, rotated_at, created_at,
     idle_expires_at, absolute_expires_at, ended_at)
   SELECT 'family-' || n, 'acct_' || (n % ${ACCOUNTS}),
     CASE WHEN n % 40 = 0 THEN 'leaving' ELSE 'seed' END, 'photos:read', '${PHOTOS}', 0, n, n,
     4000000000000, 4000000000000, CASE WHEN n % 4 = 0 THEN NULL ELSE n END
   FROM (${series}) AS s`,
  'ANALYZE',
];

const SERIES = {
  SQLite: `WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < ${FAMILIES - 1})
           SELECT n FROM counted`,
  PostgreSQL: `SELECT n FROM generate_series(0, ${FAMILIES - 1}) AS n`,
};

eachDatabase(`a table of ${FAMILIES} refresh token families`, (fresh, name) => {
  let auth: TestAuth;
  let recorded: ReturnType<typeof recordStatements>;
  beforeAll(async () => {
    const { databaseUrl, dataDir } = await fresh();
    const url = databaseUrl !== undefined && { DATABASE_URL: databaseUrl };
    const first = await TestAuth.start({ DATA_DIR: dataDir, ...url });
    const { config } = first;
    recorded = recordStatements(name, first.app.get(DataSource));
    await first.stop();
    const database = await openDatabase(authDatabase(config));
    for (const sql of seeds(SERIES[name])) await database.unitOfWork.execute(sql);
    await database.close();
    recorded.sent.clear();
    auth = await TestAuth.start({ DATA_DIR: dataDir, ...url });
  });
  afterAll(async () => {
    recorded.stop();
    await auth.stop();
  });

  async function planOf(text: string): Promise<string> {
    // The driver of SQLite needs a value for each parameter. PostgreSQL plans without values.
    const explain =
      name === 'SQLite'
        ? `EXPLAIN QUERY PLAN ${text.replaceAll(/\$\d+|\?/g, "'1'")}`
        : `EXPLAIN (GENERIC_PLAN) ${text}`;
    // TypeORM sends a statement without parameters as text, so PostgreSQL expects no values.
    const rows: object[] = await auth.app.get(DataSource).query(explain);
    return rows.map((row) => Object.values(row).join(' ')).join('\n');
  }
  const scansFamilies = (plan: string) => /(SCAN|Seq Scan on) refresh_token_family\b/.test(plan);

  async function logOutBrowser(accountId: string) {
    const browsers = auth.app.get(BrowserSessionService);
    const account = { id: accountId, passwordHash: 'x' };
    const created = await browsers.create(account, { userAgent: null, origin: null });
    const { id = '' } = created?.session ?? {};
    const kept = { kind: 'browser_session', id } as const;
    await auth.app.get(SessionService).revokeAllOfAccount(accountId, 'ended_by_owner', kept);
    await browsers.revoke(id);
  }

  it('never scans the table at a login, refresh, logout, session list, password change, consent withdrawal or client revocation', async () => {
    const { access_token, refresh_token } = await auth.createLogin();
    const { body } = await auth.refresh(refresh_token);
    await auth.refresh(body['refresh_token'] ?? '');
    await auth.refresh(refresh_token);
    expect(access_token).not.toBe('');

    const { app } = auth;
    const account = await app.get(AccountRepository).findByEmail('7@seed.example');
    await logOutBrowser('acct_7');
    const [session] = await app.get(SessionService).listActive('acct_8');
    await app.get(SessionService).revoke('acct_8', session?.id ?? '', 'ended_by_owner');
    const kept = { kind: 'session', id: 'x' } as const;
    await app.get(SessionService).revokeAllOfAccount('acct_8', 'ended_by_owner', kept);
    await app
      .get(AccountOperationsService)
      .changePassword(account?.id ?? '', 'a new one', { by: 'owner' });
    await app.get(RefreshTokenService).revoke(refresh_token, 'gatehouse-first-party');
    await app.get(ConsentService).grant('acct_16', 'seed', ['photos:read']);
    await app.get(AuthorizedClientService).withdrawConsent('acct_16', 'seed');
    const ended = await app.get(SessionService).revokeAllOfClient('leaving', 'ended_by_operator');
    expect(ended).toBe(FAMILIES / 40);

    const texts = [...recorded.sent].filter(
      (text) => text.includes('refresh_token_family') && /^\s*(SELECT|UPDATE)/i.test(text),
    );
    const verbs = texts.map((text) => /\b(generation \+ 1|SELECT|end_reason = )/.exec(text)?.[0]);
    expect(new Set(verbs)).toEqual(new Set(['generation + 1', 'SELECT', 'end_reason = ']));
    expect(texts.some((text) => /browser_session_id = [$?]/.test(text))).toBe(true);
    const plans = await Promise.all(
      texts.map(async (text) => ({ text, plan: await planOf(text) })),
    );
    expect(plans.filter(({ plan }) => scansFamilies(plan))).toEqual([]);
    const ofOneClient = plans.find(({ text }) => text.includes("client_id || ''"));
    expect(ofOneClient?.plan).toContain('living_family_by_account');
    expect(
      scansFamilies(await planOf('SELECT id FROM refresh_token_family WHERE generation = 7')),
    ).toBe(true);
  });

  it('causes no deadlock between refreshes and revocations of the same sessions', async () => {
    const { app } = auth;
    for (let round = 0; round < 3; round += 1) {
      const emails = ['one', 'two', 'three'].map((word) => `${word}-${round}@gatehouse.example`);
      await Promise.all(emails.map((email) => auth.register(email)));
      const logins = await Promise.all(
        Array.from({ length: 24 }, (_, n) => auth.login(emails[n % 3] ?? '')),
      );
      const subjects = logins.map(({ body }) => String(decodeClaims(body['access_token'])['sub']));
      const answers = await Promise.all([
        ...logins.map(({ body }) => auth.refresh(body['refresh_token'] ?? '')),
        ...[...new Set(subjects)].map((accountId) =>
          app.get(SessionService).revokeAllOfAccount(accountId, 'ended_by_owner'),
        ),
        app.get(SessionService).revokeAllOfClient('gatehouse-first-party', 'ended_by_operator'),
      ]);
      expect(answers).toHaveLength(24 + 3 + 1);
    }
    expect(recorded.failures).toEqual([]);
  });
});
