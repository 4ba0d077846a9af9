import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnitOfWork } from '@gatehouse/persistence';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { toListId } from '../../src/tokens/status-lists/status-list.js';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { decodeClaims, TestAuth } from '../support/test-auth.js';
import { TestOps } from '../support/test-ops.js';

type Settings = Readonly<Record<string, string>>;

/** One kind of database: a backup of it while it is in use, and any number of servers on what comes back from it. */
interface Kind {
  readonly name: 'SQLite' | 'PostgreSQL';
  start(folder: string): Promise<Settings>;
  backUp(ops: TestOps): Promise<void>;
  /** Each time another database. */
  restore(): Promise<Settings>;
  stop(): Promise<void>;
}

function sqlite(): Kind {
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

function postgres(): Kind {
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

describe.each([sqlite(), postgres()])('a backup of $name, made while it is in use', (kind) => {
  let folder: string;
  let auth: TestAuth;
  let ops: TestOps;
  /** Refresh tokens of people, by what they did after the backup. */
  const tokens: Record<string, string> = {};
  let revokedKey: string;
  let browserSecret: string;
  let head: string;

  const anAuth = (settings: Settings) =>
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
  /** Whether the browser that logged in before the backup is logged in there. */
  const browserIsLoggedIn = async (server: TestAuth) => {
    const headers = { cookie: `session=${browserSecret}` };
    return (await server.send('/account', { headers })).status === 200;
  };
  const rotated = async (token: string) =>
    (await auth.refresh(token)).body['refresh_token'] ?? 'none';
  const endReasons = async (server: TestAuth) => {
    const rows = await server.app
      .get(UnitOfWork)
      .query<{ reason: string }>(
        `SELECT end_reason AS reason FROM refresh_token_family WHERE ended_at IS NOT NULL`,
      );
    return rows.map(({ reason }) => reason).sort();
  };
  const restored = async () => {
    const settings = await kind.restore();
    const server = await anAuth(settings);
    server.clock.advance({ seconds: 3600 });
    return { server, ops: opsOf(server, settings) };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-backup-'));
    const settings = await kind.start(folder);
    auth = await anAuth(settings);
    ops = opsOf(auth, settings);
    for (const name of ['resting', 'refreshing', 'leaving']) {
      tokens[name] = (await auth.createLogin()).refresh_token;
    }
    tokens['refreshing'] = await rotated(tokens['refreshing'] ?? '');
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    browserSecret = browser.cookies.get('session') ?? '';

    // Logins go on while the copy is made; each is in it whole, or not at all.
    let isDone = false;
    const logins = (async () => {
      let count = 0;
      for (; !isDone; count += 1) await auth.createLogin();
      return count;
    })();
    await kind.backUp(ops);
    isDone = true;
    expect(await logins).toBeGreaterThan(0);

    tokens['copied'] = tokens['refreshing'] ?? '';
    tokens['refreshing'] = await rotated(await rotated(tokens['refreshing'] ?? ''));
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
    await kind.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  describe('comes back as it was then', () => {
    let server: TestAuth;
    let restoredOps: TestOps;
    beforeAll(async () => {
      ({ server, ops: restoredOps } = await restored());
    }, 30_000);
    afterAll(() => server.stop());

    const refresh = async (name: string) => {
      const { status, body } = await server.refresh(tokens[name] ?? '');
      return [status, body['error']];
    };

    it('with a chain of events that holds, and is told from the one that went on', async () => {
      expect((await restoredOps.run(['events', 'verify'])).code).toBe(0);
      const { code, errors } = await restoredOps.run(['events', 'verify', '--head', head]);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('broken') });
    });

    it('a login that was not refreshed since goes on', async () => {
      expect(await refresh('resting')).toEqual([200, undefined]);
      expect(await endReasons(server)).toEqual([]);
    });

    it('a login that was ended since is alive again: hence after-restore', async () => {
      expect(await refresh('leaving')).toEqual([200, undefined]);
      expect(await browserIsLoggedIn(auth)).toBe(false);
      expect(await browserIsLoggedIn(server)).toBe(true);
    });

    it('a login from after the backup is unknown', async () => {
      expect(await refresh('new')).toEqual([400, 'invalid_grant']);
      expect(await endReasons(server)).toEqual([]);
    });

    it('a refresh token that is newer than its row ends the login, and whoever holds an older one has nothing (rolled_back)', async () => {
      expect(await refresh('refreshing')).toEqual([400, 'invalid_grant']);
      expect(await endReasons(server)).toEqual(['rolled_back']);
      expect(await refresh('copied')).toEqual([400, 'invalid_grant']);
      const events = await restoredOps.runJson(['events', 'list', '--type', 'family.ended']);
      expect(events.map(({ detail }: { detail: string }) => JSON.parse(detail).reason)).toEqual([
        'rolled_back',
      ]);
    });

    it('a key that was revoked since is in the key set again: hence after-restore', async () => {
      expect((await server.send('/.well-known/jwks.json', {})).text).toContain(revokedKey);
    });
  });

  describe('made safe by ops after-restore', () => {
    let server: TestAuth;
    let restoredOps: TestOps;
    let answer: { sessionsEnded: number; keysRevoked: string[] };
    let newestList: number;
    let living: number;
    beforeAll(async () => {
      ({ server, ops: restoredOps } = await restored());
      newestList = Math.max(...(await lists()));
      const [{ n } = { n: 0 }] = await server.app
        .get(UnitOfWork)
        .query<{ n: number }>(
          'SELECT count(*) AS n FROM refresh_token_family WHERE ended_at IS NULL',
        );
      living = Number(n);
      const rehearsed = await restoredOps.runJson(['after-restore', '--dry-run']);
      expect(await endReasons(server)).toEqual([]);
      answer = await restoredOps.runJson(['after-restore']);
      expect(rehearsed).toEqual({ ...answer, dryRun: true });
      // As a server that starts after it.
      await server.stop();
      server = await anAuth({
        DATA_DIR: server.config.DATA_DIR,
        ...(server.config.DATABASE_URL !== undefined && {
          DATABASE_URL: server.config.DATABASE_URL,
        }),
      });
      server.clock.advance({ seconds: 3600 });
    }, 30_000);
    afterAll(() => server.stop());

    const lists = async () =>
      (await server.app.get(UnitOfWork).query<{ id: number }>('SELECT id FROM status_list')).map(
        ({ id }) => Number(id),
      );

    it('no login lives on, of whatever time', async () => {
      expect(answer.sessionsEnded).toBe(living);
      for (const token of Object.values(tokens)) {
        expect((await server.refresh(token)).body['error']).toBe('invalid_grant');
      }
      expect(new Set(await endReasons(server))).toEqual(new Set(['ended_by_operator']));
      expect(await browserIsLoggedIn(server)).toBe(false);
    });

    it('no key from before is in the key set, and new ones sign', async () => {
      const { text } = await server.send('/.well-known/jwks.json', {});
      expect(answer.keysRevoked).toContain(revokedKey);
      for (const kid of answer.keysRevoked) expect(text).not.toContain(kid);
      expect(JSON.parse(text).keys).toHaveLength(2);
    });

    it('people log in again, and no place in a status list is given twice', async () => {
      const { access_token, refresh_token } = await server.createLogin();
      expect((await server.refresh(refresh_token)).status).toBe(200);
      const { status } = decodeClaims(access_token);
      expect(JSON.stringify(status)).toMatch(
        new RegExp(`/oauth/status-lists/${newestList + 1_000}"`),
      );
      const [{ place } = { place: 0 }] = await server.app
        .get(UnitOfWork)
        .query<{ place: number }>('SELECT max(status_index) AS place FROM refresh_token_family');
      expect(toListId(Number(place))).toBe(newestList + 1_000);
    });

    it('is done once, unless another backup came back since', async () => {
      const { code, errors } = await restoredOps.run(['after-restore']);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('--again') });
      const { sessionsEnded } = await restoredOps.runJson(['after-restore', '--again']);
      expect(sessionsEnded).toBeGreaterThan(0);
      expect(
        await restoredOps.runJson(['events', 'list', '--type', 'database.restored']),
      ).toHaveLength(2);
    });
  });

  if (kind.name === 'PostgreSQL') {
    it('is not made by ops backup: PostgreSQL has its own', async () => {
      const { code, errors } = await ops.run(['backup', join(folder, 'copy')]);
      expect({ code, errors }).toEqual({ code: 1, errors: expect.stringContaining('pg_dump') });
      expect(await readdir(folder)).toEqual([]);
    });
  }

  it('lets people stay logged in where the operator says so', async () => {
    const { server, ops: restoredOps } = await restored();
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

  it('makes a file for its owner’s eyes only, and leaves nothing else', async () => {
    const file = join(folder, 'one.sqlite');
    expect((await ops.run(['backup', file])).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['one.sqlite']);
    await rm(file);
  });

  it('leaves no copy and no event in a dry run', async () => {
    const known = await ops.runJson(['events', 'list']);
    expect(await ops.runJson(['backup', join(folder, 'dry.sqlite'), '--dry-run'])).toMatchObject({
      dryRun: true,
      bytes: expect.any(Number),
    });
    expect(await readdir(folder)).toEqual([]);
    expect(await ops.runJson(['events', 'list'])).toEqual(known);
  });

  it('never takes the place of another file, nor of the database', async () => {
    const file = join(folder, 'there.sqlite');
    await writeFile(file, 'something of value');
    for (const taken of [file, join(auth.config.DATA_DIR, 'auth.sqlite')]) {
      const { size } = await stat(taken);
      const { code, errors } = await ops.run(['backup', taken]);
      expect({ code, errors }).toEqual({
        code: 1,
        errors: expect.stringContaining('there already'),
      });
      expect((await stat(taken)).size).toBe(size);
    }
  });

  it('says so where it cannot write', async () => {
    const { code, errors } = await ops.run(['backup', join(folder, 'no', 'such', 'folder')]);
    expect({ code, errors }).toEqual({
      code: 1,
      errors: expect.stringMatching(/^no backup: ENOENT/),
    });
  });
});
