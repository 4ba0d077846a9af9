import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { DataSource } from 'typeorm';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';
import { readDatabaseContent } from '../support/database-content.js';
import { TestOps } from '../support/test-ops.js';

/** Any account may be told of in these words. */
const CLAIMS = fileURLToPath(new URL('../support/claims.json', import.meta.url));
const SENTENCE = /^[^\n]{10,300}\n$/;
let made = 0;

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

  const anEmail = () => `operated-${(made += 1)}@gatehouse.example`;
  const aPerson = async () => {
    const email = anEmail();
    await auth.register(email);
    await auth.login(email);
    return email;
  };
  const aClient = async () => {
    const id = `operated-${(made += 1)}`;
    await auth.registerClient({ id, secret: 'a secret of the test' });
    return id;
  };
  const life = () => auth.app.get(KeyRotationService);
  /** Of the ring that signs: another one is staged below. */
  const keyThatIs = async (wanted: string) =>
    (await life().list()).find(({ state, algorithm }) => state === wanted && algorithm === 'ES256')
      ?.kid ?? '';
  /** As a server that takes part in rotation leaves it within a second. */
  const settle = () => life().applyDueSteps();
  const aPendingKey = async () => {
    await settle();
    auth.clock.advance({ seconds: 600 });
    return keyThatIs('pending');
  };
  const aRetiringKey = async () => {
    const signed = await keyThatIs('active');
    await life().activate(await aPendingKey(), 'server');
    await settle();
    auth.clock.advance({ seconds: 5000 });
    return signed;
  };

  /** Every command that changes something: what makes it possible, what it records, and why it is refused. */
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
      words: async () => ['keys', 'activate', await aPendingKey()],
      records: 'signing_key.activated by operator',
      refused: ['keys', 'activate', 'unknown-kid'],
    },
    {
      name: 'keys retire',
      words: async () => ['keys', 'retire', await aRetiringKey()],
      records: 'signing_key.retired by operator',
      refused: ['keys', 'retire', 'unknown-kid'],
    },
    {
      name: 'keys revoke',
      words: async () => ['keys', 'revoke', await keyThatIs('active')],
      records: 'signing_key.revoked by operator',
      refused: ['keys', 'revoke', 'unknown-kid'],
    },
    {
      name: 'sessions end --account',
      words: async () => ['sessions', 'end', '--account', await aPerson()],
      records: 'family.ended',
      refused: ['sessions', 'end', '--account', 'nobody@gatehouse.example'],
    },
    {
      name: 'sessions end --client',
      words: async () => {
        await aPerson();
        return ['sessions', 'end', '--client', 'gatehouse-first-party'];
      },
      records: 'family.ended',
      refused: ['sessions', 'end', '--client', 'no-such-client'],
    },
    {
      name: 'clients create',
      words: async () => [
        ...['clients', 'create', `created-${(made += 1)}`, '--scope', 'orders:read'],
        ...['--grant', 'client_credentials,refresh_token', '--access-token-ttl', '60'],
        ...['--refresh-idle-ttl', '600', '--refresh-absolute-ttl', '6000'],
      ],
      records: 'client.created by operator',
      refused: ['clients', 'create', 'gatehouse-first-party', '--scope', 'orders:read'],
    },
    {
      name: 'clients rotate-secret',
      words: async () => ['clients', 'rotate-secret', await aClient()],
      records: 'client.secret_rotated by operator',
      refused: ['clients', 'rotate-secret', 'gatehouse-first-party'],
    },
    {
      name: 'clients disable',
      words: async () => ['clients', 'disable', await aClient()],
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
      words: async () => ['accounts', 'set-claims', await aPerson(), '--json-file', CLAIMS],
      records: 'account.claims_changed by operator',
      refused: ['accounts', 'set-claims', 'nobody@gatehouse.example', '--json-file', CLAIMS],
    },
    {
      name: 'accounts reset-password',
      words: async () => ['accounts', 'reset-password', await aPerson()],
      records: 'account.password_changed by operator',
      refused: ['accounts', 'reset-password', 'nobody@gatehouse.example'],
    },
    {
      name: 'accounts disable',
      words: async () => ['accounts', 'disable', await aPerson()],
      records: 'account.disabled by operator',
      refused: ['accounts', 'disable', 'nobody@gatehouse.example'],
    },
  ];

  describe.each(CHANGES)('$name', ({ words, records, refused, typed = '' }) => {
    it('changes nothing in a dry run, does it without, answers JSON, and leaves an audit event', async () => {
      const command = await words();
      if (command[0] !== 'keys') await settle();
      const before = await content();
      const rehearsed = await ops.runJson([...command, '--dry-run'], typed);
      expect(await content()).toEqual(before);
      expect(rehearsed.dryRun).toBe(true);

      const known = (await eventTypes()).length;
      const done = await ops.runJson(command, typed);
      expect(done.dryRun).toBe(false);
      expect(await content()).not.toEqual(before);
      expect((await eventTypes()).length).toBeGreaterThan(known);
      expect(await eventTypes()).toContain(records);
      // What is made anew each time differs; secrets are in no dry run.
      for (const name of ['password', 'clientSecret']) expect(rehearsed[name]).toBeUndefined();
      expect(Object.keys(done)).toEqual(expect.arrayContaining(Object.keys(rehearsed)));
    });

    it('is refused in one sentence and changes nothing, dry or not', async () => {
      await settle();
      const before = await content();
      for (const more of [[], ['--dry-run', '--json']]) {
        const { code, output, errors } = await ops.run([...refused, ...more], typed);
        expect({ code, output }).toEqual({ code: 1, output: '' });
        expect(errors).toMatch(SENTENCE);
      }
      // Places in a status list that were set aside for a client that is none are lost, and there are enough.
      expect({ ...(await content()), status_list: [] }).toEqual({ ...before, status_list: [] });
    });
  });

  it('makes an account that can log in, with the password that it prints once', async () => {
    const email = anEmail();
    const { password } = await ops.runJson(['accounts', 'create', email.toUpperCase()]);
    expect(password).toMatch(/^[\w-]{24}$/);
    expect((await auth.login(email, { password })).status).toBe(200);
    expect((await ops.run(['accounts', 'create', email])).errors).toContain('already');
  });

  it('takes a password from standard input, and prints it nowhere', async () => {
    const email = anEmail();
    const typed = 'another horse, another staple';
    const said = await ops.run(['accounts', 'create', email, '--password-stdin'], `${typed}\n`);
    expect([said.code, `${said.output}${said.errors}`.includes(typed)]).toEqual([0, false]);
    expect((await auth.login(email, { password: typed })).status).toBe(200);
    const short = await ops.run(['accounts', 'reset-password', email, '--password-stdin'], 'short');
    expect(short.code).toBe(2);
  });

  it('resets a password: whoever is logged in is out (OWASP ASVS 7.4.3)', async () => {
    const email = await aPerson();
    const { refresh_token = '' } = (await auth.login(email)).body;
    const { password, ended } = await ops.runJson(['accounts', 'reset-password', email]);
    expect(ended).toBe(2);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.login(email)).status).toBe(400);
    expect((await auth.login(email, { password })).status).toBe(200);
  });

  it('disables an account: no session lives on, no login succeeds (OWASP ASVS 7.4.2)', async () => {
    const email = await aPerson();
    const { refresh_token = '' } = (await auth.login(email)).body;
    expect((await ops.run(['accounts', 'disable', email])).code).toBe(0);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.login(email)).status).toBe(400);
    expect((await ops.run(['accounts', 'disable', email])).errors).toContain('already');
  });

  it('lists and ends the sessions of one person, and leaves those of others', async () => {
    const email = await aPerson();
    const { refresh_token = '' } = (await auth.login(email)).body;
    const other = await auth.createLogin();
    const listed = await ops.runJson(['sessions', 'list', '--account', email]);
    expect(listed).toHaveLength(2);
    expect(await ops.runJson(['sessions', 'end', '--account', email])).toMatchObject({ ended: 2 });
    expect(await ops.runJson(['sessions', 'list', '--account', email])).toEqual([]);
    expect((await auth.refresh(refresh_token)).status).toBe(400);
    expect((await auth.refresh(other.refresh_token)).status).toBe(200);
  });

  it('rotates a client secret: the one before stays good beside it, the one before that does not', async () => {
    const id = `rotated-${(made += 1)}`;
    const create = ['clients', 'create', id, '--scope', 'billing:invoices:create'];
    const secrets = [(await ops.runJson(create)).clientSecret];
    const ask = async (secret: string) =>
      (await auth.token({ grant_type: 'client_credentials' }, `${id}:${secret}`)).status;
    for (let n = 0; n < 2; n += 1) {
      secrets.push((await ops.runJson(['clients', 'rotate-secret', id])).clientSecret);
    }
    expect(await Promise.all(secrets.map(ask))).toEqual([401, 200, 200]);
    expect((await ops.run(['clients', 'disable', id])).code).toBe(0);
    expect(await Promise.all(secrets.map(ask))).toEqual([401, 401, 401]);
  });

  it('revokes a key: it is in no key set of a server that looks (RFC 7517 §5)', async () => {
    const kid = await keyThatIs('active');
    const published = async () => {
      await auth.app.get(Scheduler).runNow('keys');
      const { text } = await auth.send('/.well-known/jwks.json', {});
      return text.includes(kid);
    };
    expect(await published()).toBe(true);
    expect(await ops.runJson(['keys', 'revoke', kid])).toMatchObject({ kid, state: 'revoked' });
    expect(await published()).toBe(false);
  });

  it('puts events into the chain, lists, exports and checks them', async () => {
    const email = await aPerson();
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

describe('the operations CLI by itself', () => {
  const nowhere = new TestOps({
    settings: { NODE_ENV: 'production' },
    clock: { now: () => Date.now() },
  });

  it.each([
    [[]],
    [['nonsense']],
    [['keys']],
    [['keys', 'nonsense']],
    [['keys', 'activate']],
    [['keys', 'activate', 'one', 'two']],
    [['keys', 'list', '--nonsense']],
    [['keys', 'stage', '--algorithm', 'HS256']],
    [['sessions', 'list']],
    [['sessions', 'end']],
    [['sessions', 'end', '--account', 'a@gatehouse.example', '--client', 'b']],
    [['clients', 'create', 'Not_An_Id', '--scope', 'orders:read']],
    [['clients', 'create', 'no-scope']],
    [['clients', 'create', 'a', '--scope', 'b', '--auth-method', 'private_key_jwt']],
    [['clients', 'create', 'a', '--scope', 'b', '--auth-method', 'none']],
    [['clients', 'create', 'a', '--scope', 'b', '--grant', 'password']],
    [['clients', 'create', 'a', '--scope', 'b', '--access-token-ttl', '3601']],
    [['accounts', 'create', 'not-an-address']],
    [['events', 'list', '--limit', '-1']],
    [['events', 'verify', '--head', 'nonsense']],
  ])(
    'says that %j makes no sense, and exits with 2 before it looks at configuration',
    async (words) => {
      const { code, output, errors } = await nowhere.run(words);
      expect({ code, output }).toEqual({ code: 2, output: '' });
      expect(errors).not.toMatch(/\n +at |configuration cannot/);
      expect(errors.length).toBeGreaterThan(10);
    },
  );

  it.each([[['--help']], [['clients', '--help']], [['clients', 'create', '--help']]])(
    'helps with %j where there is no configuration',
    async (words) => {
      const { code, output } = await nowhere.run(words);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Usage: ops') });
    },
  );

  it.each([
    [['keys', 'revoke', `-${'k'.repeat(42)}`, '--json']],
    [['keys', 'activate', '--dry-run', `--${'k'.repeat(41)}`]],
    [['keys', 'retire', '--', `-${'k'.repeat(42)}`]],
  ])('takes a kid for a kid in %j: one of 64 begins with a hyphen', async (words) => {
    const { code, errors } = await nowhere.run(words);
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(/SERVER_SECRET/) });
  });

  it('are all on the page for operators, with their options, and no others', async () => {
    const page = await readFile(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z][a-z-]*(?: [a-z-]+)?)((?: [<[-][^`|]*)?)` +\|/gm)];
    const onPage = rows.map(([, name = '', more = '']) => [name, optionsIn(more)]);
    const inHelp: (readonly [string, readonly string[]])[] = [];
    for (const name of commandsIn(await help())) {
      const members = commandsIn(await help(name));
      const names = members.length > 0 ? members.map((member) => `${name} ${member}`) : [name];
      for (const each of names) inHelp.push([each, optionsIn(await help(...each.split(' ')))]);
    }
    expect(Object.fromEntries(onPage)).toEqual(Object.fromEntries(inHelp));
  });

  const help = async (...words: readonly string[]) =>
    (await nowhere.run([...words, '--help'])).output;
  const commandsIn = (text: string) =>
    [...(text.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
  const optionsIn = (text: string) =>
    [...text.matchAll(/(?<![\w-])--[a-z-]+/g)]
      .map(([option]) => option)
      .filter((option) => !['--help', '--json', '--dry-run'].includes(option))
      .sort();

  it('makes a server secret of 256 bits where there is no configuration, and advises beside it', async () => {
    const { output, errors } = await nowhere.run(['secrets', 'new']);
    expect(output).toMatch(/^[\w-]{43}\n$/);
    expect(errors).toContain('SERVER_SECRET=<new>,<old>');
    expect((await nowhere.runJson(['secrets', 'new'])).serverSecret).toMatch(/^[\w-]{43}$/);
  });

  it('tells the faults of the configuration as the server would', async () => {
    const { code, errors } = await nowhere.run(['keys', 'list']);
    expect(code).toBe(1);
    expect(errors).toMatch(/SERVER_SECRET/);
    expect(errors).not.toMatch(/\n +at /);
  });

  it('says in a sentence that a database is out of reach, or not migrated', async () => {
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'gatehouse-ops-'));
    const clock = { now: () => Date.now() };
    const DATABASE_URL = 'postgres://nobody@127.0.0.1:1/none';
    const gone = await new TestOps({ settings: { DATABASE_URL, DATA_DIR }, clock }).run([
      'keys',
      'list',
    ]);
    expect(gone).toMatchObject({ code: 1, errors: expect.stringMatching(SENTENCE) });
    const settings = {
      ...{ DATA_DIR, NODE_ENV: 'production', ISSUER: 'https://auth.gatehouse.example' },
      ...{ SERVER_SECRET: randomBytes(32).toString('base64url') },
      RESOURCE_SERVERS: 'https://orders.gatehouse.example orders:read',
    };
    const bare = await new TestOps({ settings, clock }).run(['keys', 'list']);
    expect(bare).toMatchObject({ code: 1, errors: expect.stringMatching(/migrations first/) });
  });
});
