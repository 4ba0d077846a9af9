import { fileURLToPath } from 'node:url';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { DataSource } from 'typeorm';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';
import { readDatabaseContent } from '../support/database-content.js';
import { aClient, anAccount } from '../support/factories.js';
import { TestOps } from '../support/test-ops.js';

/** Standard claims that are valid for any account. */
const CLAIMS = fileURLToPath(new URL('../support/claims.json', import.meta.url));
const SENTENCE = /^[^\n]{10,300}\n$/;
let count = 0;

eachDatabase('the operations CLI beside a running server', (fresh) => {
  let auth: TestAuth;
  let ops: TestOps;
  beforeAll(async () => {
    const settings = {
      ID_TOKEN_ALGORITHM: 'ES256',
      ...toDatabaseSettings(await fresh()),
    };
    auth = await TestAuth.start(settings);
    ops = new TestOps({ settings, clock: auth.clock });
  });
  afterAll(() => auth.stop());

  const content = () => readDatabaseContent(auth.app.get(DataSource));
  const eventTypes = async (): Promise<readonly string[]> => {
    const rows = await auth.app.get(DataSource).query('SELECT type, detail FROM security_event');
    return rows.map(({ type, detail }: Record<string, string>) => {
      const { by } = JSON.parse(detail ?? '');
      return by === 'operator' ? `${type} by operator` : type;
    });
  };

  const anEmail = () => `operated-${(count += 1)}@gatehouse.example`;
  const createLogin = async () => {
    const { email } = await anAccount(auth, anEmail());
    await auth.login(email);
    return email;
  };
  const createClient = () => aClient(auth, { secret: 'a secret of the test' });
  const rotation = () => auth.app.get(KeyRotationService);
  /** Only keys of the algorithm that signs, because a test stages a key of the other algorithm. */
  const findKid = async (wanted: string) =>
    (await rotation().list()).find(
      ({ state, algorithm }) => state === wanted && algorithm === 'ES256',
    )?.kid ?? '';
  /** A server with background jobs does this every second. */
  const applyDueSteps = () => rotation().applyDueSteps();
  const createPendingKey = async () => {
    await applyDueSteps();
    auth.clock.advance({ seconds: 600 });
    return findKid('pending');
  };
  const createRetiringKey = async () => {
    const signer = await findKid('active');
    await rotation().activate(await createPendingKey(), 'server');
    await applyDueSteps();
    auth.clock.advance({ seconds: 5000 });
    return signer;
  };

  /** Every command that changes something: its arguments, the event that it records, and arguments that it refuses. */
  const CHANGES: readonly {
    readonly name: string;
    readonly words: () => Promise<readonly string[]>;
    readonly records: string;
    readonly refused: readonly string[];
    readonly typed?: string;
  }[] = [
    {
      name: 'keys stage',
      words: async () => ['keys', 'stage', '--algorithm', 'RS256'],
      records: 'signing_key.staged by operator',
      refused: ['keys', 'activate', 'unknown-kid'],
    },
    {
      name: 'keys activate',
      words: async () => ['keys', 'activate', await createPendingKey()],
      records: 'signing_key.activated by operator',
      refused: ['keys', 'activate', 'unknown-kid'],
    },
    {
      name: 'keys retire',
      words: async () => ['keys', 'retire', await createRetiringKey()],
      records: 'signing_key.retired by operator',
      refused: ['keys', 'retire', 'unknown-kid'],
    },
    {
      name: 'keys revoke',
      words: async () => ['keys', 'revoke', await findKid('active')],
      records: 'signing_key.revoked by operator',
      refused: ['keys', 'revoke', 'unknown-kid'],
    },
    {
      name: 'sessions end --account',
      words: async () => ['sessions', 'end', '--account', await createLogin()],
      records: 'family.ended',
      refused: ['sessions', 'end', '--account', 'unknown@gatehouse.example'],
    },
    {
      name: 'sessions end --client',
      words: async () => {
        await createLogin();
        return ['sessions', 'end', '--client', 'gatehouse-first-party'];
      },
      records: 'family.ended',
      refused: ['sessions', 'end', '--client', 'no-such-client'],
    },
    {
      name: 'clients create',
      words: async () => [
        ...['clients', 'create', `created-${(count += 1)}`, '--scope', 'photos:read'],
        ...['--grant', 'client_credentials,refresh_token', '--access-token-ttl', '60'],
        ...['--refresh-idle-ttl', '600', '--refresh-absolute-ttl', '6000'],
      ],
      records: 'client.created by operator',
      refused: ['clients', 'create', 'gatehouse-first-party', '--scope', 'photos:read'],
    },
    {
      name: 'clients update',
      words: async () => ['clients', 'update', await createClient(), '--scope', 'photos:read'],
      records: 'client.updated by operator',
      refused: ['clients', 'update', 'gatehouse-first-party', '--scope', 'photos:read'],
    },
    {
      name: 'clients apply',
      words: async () => ['clients', 'apply', '-'],
      typed: JSON.stringify({ id: 'applied-client', scope: 'photos:read' }),
      records: 'client.created by operator',
      refused: ['clients', 'update', 'no-such-client', '--scope', 'photos:read'],
    },
    {
      name: 'clients enable',
      words: async () => {
        const id = await createClient();
        await ops.runJson(['clients', 'disable', id]);
        return ['clients', 'enable', id];
      },
      records: 'client.enabled by operator',
      refused: ['clients', 'enable', 'gatehouse-first-party'],
    },
    {
      name: 'clients rotate-secret',
      words: async () => ['clients', 'rotate-secret', await createClient()],
      records: 'client.secret_rotated by operator',
      refused: ['clients', 'rotate-secret', 'gatehouse-first-party'],
    },
    {
      name: 'clients disable',
      words: async () => ['clients', 'disable', await createClient()],
      records: 'client.disabled by operator',
      refused: ['clients', 'disable', 'no-such-client'],
    },
    {
      name: 'accounts create',
      words: async () => ['accounts', 'create', anEmail()],
      records: 'account.created by operator',
      refused: ['accounts', 'reset-password', 'acct_unknown'],
    },
    {
      name: 'accounts create --password-stdin',
      words: async () => ['accounts', 'create', anEmail(), '--password-stdin'],
      typed: 'a password that was typed\n',
      records: 'account.created by operator',
      refused: ['accounts', 'disable', 'acct_unknown'],
    },
    {
      name: 'accounts set-claims',
      words: async () => ['accounts', 'set-claims', await createLogin(), '--json-file', CLAIMS],
      records: 'account.claims_changed by operator',
      refused: ['accounts', 'set-claims', 'unknown@gatehouse.example', '--json-file', CLAIMS],
    },
    {
      name: 'accounts reset-password',
      words: async () => ['accounts', 'reset-password', await createLogin()],
      records: 'account.password_changed by operator',
      refused: ['accounts', 'reset-password', 'unknown@gatehouse.example'],
    },
    {
      name: 'accounts disable',
      words: async () => ['accounts', 'disable', await createLogin()],
      records: 'account.disabled by operator',
      refused: ['accounts', 'disable', 'unknown@gatehouse.example'],
    },
    {
      name: 'accounts enable',
      words: async () => {
        const email = await createLogin();
        await ops.runJson(['accounts', 'disable', email]);
        return ['accounts', 'enable', email];
      },
      records: 'account.enabled by operator',
      refused: ['accounts', 'enable', 'unknown@gatehouse.example'],
    },
    {
      name: 'accounts delete',
      words: async () => ['accounts', 'delete', await createLogin()],
      records: 'account.erased by operator',
      refused: ['accounts', 'delete', 'unknown@gatehouse.example'],
    },
  ];

  describe.each(CHANGES)('$name', ({ words, records, refused, typed = '' }) => {
    it('changes nothing in a dry run, and prints JSON and records an event otherwise', async () => {
      const command = await words();
      if (command[0] !== 'keys') await applyDueSteps();
      const before = await content();
      const dryRun = await ops.runJson([...command, '--dry-run'], typed);
      expect(await content()).toEqual(before);
      expect(dryRun.dryRun).toBe(true);

      const eventsBefore = (await eventTypes()).length;
      const result = await ops.runJson(command, typed);
      expect(result.dryRun).toBe(false);
      expect(await content()).not.toEqual(before);
      expect((await eventTypes()).length).toBeGreaterThan(eventsBefore);
      expect(await eventTypes()).toContain(records);
      // Generated values differ between runs, and a dry run prints no secret.
      for (const name of ['password', 'clientSecret']) expect(dryRun[name]).toBeUndefined();
      expect(Object.keys(result)).toEqual(expect.arrayContaining(Object.keys(dryRun)));
    });

    it('refuses wrong arguments in one sentence and changes nothing, with and without --dry-run', async () => {
      await applyDueSteps();
      const before = await content();
      for (const more of [[], ['--dry-run', '--json']]) {
        const { code, output, errors } = await ops.run([...refused, ...more], typed);
        expect({ code, output }).toEqual({ code: 1, output: '' });
        expect(errors).toMatch(SENTENCE);
      }
      // The status index that was reserved for a refused client is lost, which is harmless.
      expect({ ...(await content()), status_list: [] }).toEqual({ ...before, status_list: [] });
    });
  });

  it('creates an account that can log in with the printed password', async () => {
    const email = anEmail();
    const { password } = await ops.runJson(['accounts', 'create', email.toUpperCase()]);
    expect(password).toMatch(/^[\w-]{24}$/);
    expect((await auth.login(email, { password })).status).toBe(200);
    expect((await ops.run(['accounts', 'create', email])).errors).toContain('already');
  });

  it('reads a password from standard input, and never prints it', async () => {
    const email = anEmail();
    const typed = 'another horse, another staple';
    const created = await ops.run(['accounts', 'create', email, '--password-stdin'], `${typed}\n`);
    const printed = `${created.output}${created.errors}`;
    expect([created.code, printed.includes(typed)]).toEqual([0, false]);
    expect((await auth.login(email, { password: typed })).status).toBe(200);
    const short = await ops.run(['accounts', 'reset-password', email, '--password-stdin'], 'short');
    expect(short.code).toBe(2);
  });

  it('resets a password and ends all sessions of the account (OWASP ASVS 7.4.3)', async () => {
    const email = await createLogin();
    const { refresh_token = '' } = (await auth.login(email)).body;
    const { password, ended } = await ops.runJson(['accounts', 'reset-password', email]);
    expect(ended).toBe(2);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.login(email)).status).toBe(400);
    expect((await auth.login(email, { password })).status).toBe(200);
  });

  it('disables an account, ends its sessions and rejects its logins (OWASP ASVS 7.4.2)', async () => {
    const email = await createLogin();
    const { refresh_token = '' } = (await auth.login(email)).body;
    expect((await ops.run(['accounts', 'disable', email])).code).toBe(0);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.login(email)).status).toBe(400);
    expect((await ops.run(['accounts', 'disable', email])).errors).toContain('already');
  });

  it('lists and ends the sessions of one account only', async () => {
    const email = await createLogin();
    const { refresh_token = '' } = (await auth.login(email)).body;
    const other = await auth.createLogin();
    const listed = await ops.runJson(['sessions', 'list', '--account', email]);
    expect(listed).toHaveLength(2);
    expect(await ops.runJson(['sessions', 'end', '--account', email])).toMatchObject({ ended: 2 });
    expect(await ops.runJson(['sessions', 'list', '--account', email])).toEqual([]);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.refresh(other.refresh_token)).status).toBe(200);
  });

  it('rotates a client secret, and keeps only the previous secret valid', async () => {
    const id = `rotated-${(count += 1)}`;
    const create = ['clients', 'create', id, '--scope', 'tickets:invoices:create'];
    const secrets = [(await ops.runJson(create)).clientSecret];
    const ask = async (secret: string) =>
      (await auth.token({ grant_type: 'client_credentials' }, `${id}:${secret}`)).status;
    for (let n = 0; n < 2; n += 1) {
      secrets.push((await ops.runJson(['clients', 'rotate-secret', id])).clientSecret);
    }
    expect(await Promise.all(secrets.map(ask))).toEqual([401, 200, 200]);
    expect((await ops.run(['clients', 'disable', id])).code).toBe(0);
    // The server trusts the registration that it read for five seconds (decision 34).
    auth.clock.advance({ seconds: 5 });
    expect(await Promise.all(secrets.map(ask))).toEqual([401, 401, 401]);
  });

  it('revokes a key, and the server removes it from the key set (RFC 7517 §5)', async () => {
    const kid = await findKid('active');
    const published = async () => {
      await auth.app.get(Scheduler).runNow('keys');
      const { text } = await auth.send('/.well-known/jwks.json', {});
      return text.includes(kid);
    };
    expect(await published()).toBe(true);
    expect(await ops.runJson(['keys', 'revoke', kid])).toMatchObject({ kid, state: 'revoked' });
    expect(await published()).toBe(false);
  });

  it('links, lists, exports and verifies security events', async () => {
    const email = await createLogin();
    const events = await ops.runJson(['events', 'list', '--account', email]);
    expect(events.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['account.registered', 'family.begun']),
    );
    const { output } = await ops.run(['events', 'export']);
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(await ops.runJson(['events', 'export'])).toEqual(lines);
    const head = (await ops.run(['events', 'head'])).output.trim();
    expect(head).toBe(`${lines.at(-1).seq}:${lines.at(-1).hash}`);
    expect(await ops.runJson(['events', 'verify', '--head', head])).toEqual({
      events: lines.length,
    });

    await auth.app.get(UnitOfWork).execute(`UPDATE security_event SET detail = '{}' WHERE seq = 2`);
    const broken = await ops.run(['events', 'verify']);
    expect(broken).toMatchObject({ code: 1, errors: expect.stringMatching(/broken at 2/) });
  });
});
