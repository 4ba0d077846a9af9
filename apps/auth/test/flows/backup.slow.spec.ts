import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnitOfWork } from '@gatehouse/persistence';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { toListId } from '../../src/tokens/status-lists/status-list.service.js';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { decodeClaims, TestAuth } from '../support/test-auth.js';
import { TestOps } from '../support/test-ops.js';

type Settings = Readonly<Record<string, string>>;

/** A kind of database that is backed up while it is in use, and restored any number of times. */
interface BackupTarget {
  readonly name: 'SQLite' | 'PostgreSQL';
  start(folder: string): Promise<Settings>;
  backUp(ops: TestOps): Promise<void>;
  /** Restores the backup into a new database. */
  restore(): Promise<Settings>;
  stop(): Promise<void>;
}

function sqlite(): BackupTarget {
  let root: string;
  let copies = 0;
  const backup = () => join(root, 'backup.sqlite');
  return {
    name: 'SQLite',
    async start(folder) {
      root = folder;
      return { DATA_DIR: await mkdtemp(join(root, 'data-')) };
    },
    async backUp(ops) {
      const { bytes } = await ops.runJson(['backup', backup()]);
      expect(bytes).toBe((await stat(backup())).size);
    },
    async restore() {
      const DATA_DIR = join(root, `restored-${(copies += 1)}`);
      await mkdir(DATA_DIR);
      await copyFile(backup(), join(DATA_DIR, 'auth.sqlite'));
      return { DATA_DIR };
    },
    stop: () => Promise.resolve(),
  };
}

function postgres(): BackupTarget {
  const servers: PostgresServer[] = [];
  let backup: string;
  return {
    name: 'PostgreSQL',
    async start() {
      const server = await startPostgres();
      servers.push(server);
      return { DATABASE_URL: await server.createDatabase('gatehouse') };
    },
    async backUp() {
      backup = (await servers[0]?.backUp()) ?? '';
    },
    async restore() {
      const server = await startPostgres(backup);
      servers.push(server);
      return { DATABASE_URL: server.urlOf('gatehouse') };
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(backup, { recursive: true, force: true });
    },
  };
}

describe.each([sqlite(), postgres()])('a backup of $name made during logins', (target) => {
  let folder: string;
  let auth: TestAuth;
  let ops: TestOps;
  /** Refresh tokens, by what their users did after the backup. */
  const tokens: Record<string, string> = {};
  let revokedKey: string;
  let browserSecret: string;
  let head: string;

  const startAuth = (settings: Settings) =>
    TestAuth.start({ SERVER_SECRET: 'only for tests: thirty-two bytes and more', ...settings });
  const opsOf = (server: TestAuth, settings: Settings) =>
    new TestOps({
      settings: {
        ID_TOKEN_ALGORITHM: server.config.ID_TOKEN_ALGORITHM,
        DATA_DIR: server.config.DATA_DIR,
        SERVER_SECRET: 'only for tests: thirty-two bytes and more',
        ...settings,
      },
      clock: server.clock,
    });
  /** Whether the browser session from before the backup is active on a server. */
  const browserIsLoggedIn = async (server: TestAuth) => {
    const headers = { cookie: `session-3000=${browserSecret}` };
    return (await server.send('/account', { headers })).status === 200;
  };
  const rotate = async (token: string) =>
    (await auth.refresh(token)).body['refresh_token'] ?? 'none';
  const endReasons = async (server: TestAuth) => {
    const rows = await server.app
      .get(UnitOfWork)
      .query<{ reason: string }>(
        `SELECT end_reason AS reason FROM refresh_token_family WHERE ended_at IS NOT NULL`,
      );
    return rows.map(({ reason }) => reason).sort();
  };
  const restore = async () => {
    const settings = await target.restore();
    const server = await startAuth(settings);
    server.clock.advance({ seconds: 3600 });
    return { server, ops: opsOf(server, settings) };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
    const settings = await target.start(folder);
    auth = await startAuth(settings);
    ops = opsOf(auth, settings);
    for (const name of ['resting', 'refreshing', 'leaving']) {
      tokens[name] = (await auth.createLogin()).refresh_token;
    }
    tokens['refreshing'] = await rotate(tokens['refreshing'] ?? '');
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    browserSecret = browser.cookies.get('session-3000') ?? '';

    // Logins continue during the backup. The copy contains each login completely or not at all.
    let isDone = false;
    const logins = (async () => {
      let count = 0;
      for (; !isDone; count += 1) await auth.createLogin();
      return count;
    })();
    await target.backUp(ops);
    isDone = true;
    expect(await logins).toBeGreaterThan(0);

    tokens['copied'] = tokens['refreshing'] ?? '';
    tokens['refreshing'] = await rotate(await rotate(tokens['refreshing'] ?? ''));
    await auth.json('/auth/logout', { refresh_token: tokens['leaving'] });
    await browser.submit(await browser.open('/oauth/logout'));
    tokens['new'] = (await auth.createLogin()).refresh_token;
    const keys = await auth.app.get(KeyRotationService).list();
    revokedKey = keys.find(({ state }) => state === 'active')?.kid ?? '';
    await ops.runJson(['keys', 'revoke', revokedKey]);
    head = (await ops.run(['events', 'head'])).output.trim();
  }, 60_000);
  afterAll(async () => {
    await auth.stop();
    await target.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  describe('the restored database', () => {
    let server: TestAuth;
    let restoredOps: TestOps;
    beforeAll(async () => {
      ({ server, ops: restoredOps } = await restore());
    }, 30_000);
    afterAll(() => server.stop());

    const refresh = async (name: string) => {
      const { status, body } = await server.refresh(tokens[name] ?? '');
      return [status, body['error']];
    };

    it('restores an intact chain of events, and reports that a head from after the backup is missing', async () => {
      expect((await restoredOps.run(['events', 'verify'])).code).toBe(0);
      const { code, errors } = await restoredOps.run(['events', 'verify', '--head', head]);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('broken') });
    });

    it('continues a session that was not refreshed after the backup', async () => {
      expect(await refresh('resting')).toEqual([200, undefined]);
      expect(await endReasons(server)).toEqual([]);
    });

    it('reactivates a session that ended after the backup, until ops after-restore runs', async () => {
      expect(await refresh('leaving')).toEqual([200, undefined]);
      expect(await browserIsLoggedIn(auth)).toBe(false);
      expect(await browserIsLoggedIn(server)).toBe(true);
    });

    it('rejects a session that was created after the backup', async () => {
      expect(await refresh('new')).toEqual([400, 'invalid_grant']);
      expect(await endReasons(server)).toEqual([]);
    });

    it('revokes a session when its refresh token is newer than its row (rolled_back)', async () => {
      expect(await refresh('refreshing')).toEqual([400, 'invalid_grant']);
      expect(await endReasons(server)).toEqual(['rolled_back']);
      expect(await refresh('copied')).toEqual([400, 'invalid_grant']);
      const events = await restoredOps.runJson(['events', 'list', '--type', 'family.ended']);
      expect(events.map(({ detail }: { detail: string }) => JSON.parse(detail).reason)).toEqual([
        'rolled_back',
      ]);
    });

    it('publishes a key again that was revoked after the backup, until ops after-restore runs', async () => {
      expect((await server.send('/.well-known/jwks.json', {})).text).toContain(revokedKey);
    });
  });

  describe('the database after ops after-restore', () => {
    let server: TestAuth;
    let restoredOps: TestOps;
    let result: { sessionsEnded: number; keysRevoked: string[] };
    let newestList: number;
    let activeSessions: number;
    beforeAll(async () => {
      ({ server, ops: restoredOps } = await restore());
      newestList = Math.max(...(await lists()));
      const [{ n } = { n: 0 }] = await server.app
        .get(UnitOfWork)
        .query<{ n: number }>(
          'SELECT count(*) AS n FROM refresh_token_family WHERE ended_at IS NULL',
        );
      activeSessions = Number(n);
      const dryRun = await restoredOps.runJson(['after-restore', '--dry-run']);
      expect(await endReasons(server)).toEqual([]);
      result = await restoredOps.runJson(['after-restore']);
      expect(dryRun).toEqual({ ...result, dryRun: true });
      // Operators start the server after the command.
      await server.stop();
      const { DATA_DIR, DATABASE_URL } = server.config;
      server = await startAuth({ DATA_DIR, ...(DATABASE_URL !== undefined && { DATABASE_URL }) });
      server.clock.advance({ seconds: 3600 });
    }, 30_000);
    afterAll(() => server.stop());

    const lists = async () =>
      (await server.app.get(UnitOfWork).query<{ id: number }>('SELECT id FROM status_list')).map(
        ({ id }) => Number(id),
      );

    it('ends all sessions', async () => {
      expect(result.sessionsEnded).toBe(activeSessions);
      for (const token of Object.values(tokens)) {
        expect((await server.refresh(token)).body['error']).toBe('invalid_grant');
      }
      expect(new Set(await endReasons(server))).toEqual(new Set(['ended_by_operator']));
      expect(await browserIsLoggedIn(server)).toBe(false);
    });

    it('publishes only new keys', async () => {
      const { text } = await server.send('/.well-known/jwks.json', {});
      expect(result.keysRevoked).toContain(revokedKey);
      for (const kid of result.keysRevoked) expect(text).not.toContain(kid);
      expect(JSON.parse(text).keys).toHaveLength(2);
    });

    it('accepts new logins, and allocates their status indexes in a new list', async () => {
      const { access_token, refresh_token } = await server.createLogin();
      expect((await server.refresh(refresh_token)).status).toBe(200);
      const { status } = decodeClaims(access_token);
      expect(JSON.stringify(status)).toMatch(
        new RegExp(`/oauth/status-lists/${newestList + 1_000}"`),
      );
      const [{ index } = { index: 0 }] = await server.app
        .get(UnitOfWork)
        .query<{ index: number }>('SELECT max(status_index) AS "index" FROM refresh_token_family');
      expect(toListId(Number(index))).toBe(newestList + 1_000);
    });

    it('refuses a second run unless the operator adds --again', async () => {
      const { code, errors } = await restoredOps.run(['after-restore']);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('--again') });
      const { sessionsEnded } = await restoredOps.runJson(['after-restore', '--again']);
      expect(sessionsEnded).toBeGreaterThan(0);
      expect(
        await restoredOps.runJson(['events', 'list', '--type', 'database.restored']),
      ).toHaveLength(2);
    });
  });

  if (target.name === 'PostgreSQL') {
    it('refuses ops backup on PostgreSQL, and names pg_dump', async () => {
      const { code, errors } = await ops.run(['backup', join(folder, 'copy')]);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('pg_dump') });
      expect(await readdir(folder)).toEqual([]);
    });
  }

  it('keeps users logged in with --keep-sessions', async () => {
    const { server, ops: restoredOps } = await restore();
    const { sessionsEnded } = await restoredOps.runJson(['after-restore', '--keep-sessions']);
    expect(sessionsEnded).toBe(0);
    expect((await server.refresh(tokens['resting'] ?? '')).status).toBe(200);
  }, 30_000);
});

describe('ops backup', () => {
  let auth: TestAuth;
  let ops: TestOps;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
    auth = await TestAuth.start();
    ops = new TestOps({ settings: { DATA_DIR: auth.config.DATA_DIR }, clock: auth.clock });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('creates one file that only its owner can read', async () => {
    const file = join(folder, 'one.sqlite');
    expect((await ops.run(['backup', file])).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['one.sqlite']);
    await rm(file);
  });

  it('leaves no copy and no event after a dry run', async () => {
    const before = await ops.runJson(['events', 'list']);
    expect(await ops.runJson(['backup', join(folder, 'dry.sqlite'), '--dry-run'])).toMatchObject({
      dryRun: true,
      bytes: expect.any(Number),
    });
    expect(await readdir(folder)).toEqual([]);
    expect(await ops.runJson(['events', 'list'])).toEqual(before);
  });

  it('never replaces a file or the database', async () => {
    const file = join(folder, 'there.sqlite');
    await writeFile(file, 'something of value');
    for (const existing of [file, join(auth.config.DATA_DIR, 'auth.sqlite')]) {
      const { size } = await stat(existing);
      const { code, errors } = await ops.run(['backup', existing]);
      expect({ code, errors }).toEqual({
        code: 1,
        errors: expect.stringContaining('exists already'),
      });
      expect((await stat(existing)).size).toBe(size);
    }
  });

  it('fails with a message when it cannot write the file', async () => {
    const { code, errors } = await ops.run(['backup', join(folder, 'no', 'such', 'folder')]);
    expect({ code, errors }).toEqual({
      code: 1,
      errors: expect.stringMatching(/^no backup: ENOENT/),
    });
  });
});
