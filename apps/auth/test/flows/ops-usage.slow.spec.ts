import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@gatehouse/persistence/testing';
import { TestOps } from '../support/test-ops.js';

const SENTENCE = /^[^\n]{10,300}\n$/;

describe('the operations CLI without a database', () => {
  const ops = new TestOps({
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
    [['clients', 'create', 'Not_An_Id', '--scope', 'photos:read']],
    [['clients', 'create', 'no-scope']],
    [['clients', 'create', 'a', '--scope', 'b', '--auth-method', 'private_key_jwt']],
    [['clients', 'create', 'a', '--scope', 'b', '--auth-method', 'none']],
    [['clients', 'create', 'a', '--scope', 'b', '--grant', 'password']],
    [['clients', 'create', 'a', '--scope', 'b', '--access-token-ttl', '3601']],
    [['accounts', 'create', 'not-an-address']],
    [['events', 'list', '--limit', '-1']],
    [['events', 'verify', '--head', 'nonsense']],
  ])('rejects %j with exit code 2 before it reads the configuration', async (words) => {
    const { code, output, errors } = await ops.run(words);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).not.toMatch(/\n +at |configuration cannot/);
    expect(errors.length).toBeGreaterThan(10);
  });

  it.each([[['--help']], [['clients', '--help']], [['clients', 'create', '--help']]])(
    'prints help for %j without configuration',
    async (words) => {
      const { code, output } = await ops.run(words);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Usage: ops') });
    },
  );

  it.each([
    [['keys', 'revoke', `-${'k'.repeat(42)}`, '--json']],
    [['keys', 'activate', '--dry-run', `--${'k'.repeat(41)}`]],
    [['keys', 'retire', '--', `-${'k'.repeat(42)}`]],
  ])('accepts a kid that begins with a hyphen in %j', async (words) => {
    const { code, errors } = await ops.run(words);
    expect({ code, errors }).toEqual({ code: 1, errors: expect.stringMatching(/SERVER_SECRET/) });
  });

  it('offers exactly the commands and options that docs/operations.md lists', async () => {
    // The options of `clients create` are a list in docs/clients.md.
    const [, register = ''] = (await readPage('clients.md')).split(/^## /m);
    const listed = [...register.matchAll(/^- `--.*?:/gm)].join(' ').replaceAll('`', '');
    const page = (await readPage('operations.md')).replaceAll(
      /(create|update) <id> \[options\]/g,
      `$1 <id> ${listed}`,
    );
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

  const readPage = (name: string) =>
    readFile(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');
  const help = async (...words: readonly string[]) => (await ops.run([...words, '--help'])).output;
  const commandsIn = (text: string) =>
    [...(text.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
  const optionsIn = (text: string) =>
    [...text.matchAll(/(?<![\w-])--[a-z-]+/g)]
      .map(([option]) => option)
      .filter((option) => !['--help', '--json', '--dry-run'].includes(option))
      .sort();

  it('prints a server secret of 256 bits without configuration, and the rotation steps to standard error', async () => {
    const { output, errors } = await ops.run(['secrets', 'new']);
    expect(output).toMatch(/^[\w-]{43}\n$/);
    expect(errors).toContain('SERVER_SECRET=<new>,<old>');
    expect((await ops.runJson(['secrets', 'new'])).serverSecret).toMatch(/^[\w-]{43}$/);
  });

  it('reports wrong settings as the server does', async () => {
    const { code, errors } = await ops.run(['keys', 'list']);
    expect(code).toBe(1);
    expect(errors).toMatch(/SERVER_SECRET/);
    expect(errors).not.toMatch(/\n +at /);
  });

  const clock = { now: () => Date.now() };

  it('reports an unreachable database in one sentence', async () => {
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'gatehouse-ops-'));
    const DATABASE_URL = 'postgres://user@127.0.0.1:1/none';
    const unreachable = new TestOps({ settings: { DATABASE_URL, DATA_DIR }, clock });
    expect(await unreachable.run(['keys', 'list'])).toMatchObject({
      code: 1,
      errors: expect.stringMatching(SENTENCE),
    });
  });

  it.each<[string, (folder: string) => Promise<string>]>([
    [
      'a file that is no database',
      async (folder) => {
        await writeFile(join(folder, 'auth.sqlite'), 'no database '.repeat(500));
        return folder;
      },
    ],
    [
      'a DATA_DIR that is a file',
      async (folder) => {
        await writeFile(join(folder, 'file'), '');
        return join(folder, 'file');
      },
    ],
  ])('reports %s in one sentence', async (_, prepare) => {
    const DATA_DIR = await prepare(await mkdtemp(join(tmpdir(), 'gatehouse-ops-')));
    const broken = new TestOps({ settings: { DATA_DIR }, clock });
    expect(await broken.run(['keys', 'list'])).toMatchObject({
      code: 1,
      errors: expect.stringMatching(SENTENCE),
    });
  });

  it('reports a wrong password and a missing database of PostgreSQL in one sentence', async () => {
    const server = await startPostgres();
    const DATA_DIR = await mkdtemp(join(tmpdir(), 'gatehouse-ops-'));
    const wrongPassword = server.urlOf('postgres').replace(':gatehouse@', ':wrong@');
    for (const DATABASE_URL of [wrongPassword, server.urlOf('no_such_database')]) {
      const broken = new TestOps({ settings: { DATABASE_URL, DATA_DIR }, clock });
      expect(await broken.run(['keys', 'list'])).toMatchObject({
        code: 1,
        errors: expect.stringMatching(SENTENCE),
      });
    }
    await server.stop();
  });

  it('reports missing migrations in one sentence, and applies them with migrate', async () => {
    const settings = {
      DATA_DIR: await mkdtemp(join(tmpdir(), 'gatehouse-ops-')),
      ...{ NODE_ENV: 'production', ISSUER: 'https://auth.gatehouse.example' },
      ...{ SERVER_SECRET: randomBytes(32).toString('base64url') },
      RESOURCE_SERVERS: 'https://photos.gatehouse.example photos:read',
    };
    const production = new TestOps({ settings, clock });
    expect(await production.run(['keys', 'list'])).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/migrations first/),
    });
    const { code, output } = await production.run(['migrate']);
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^auth: FirstTables1764000000000, .*\n$/),
    });
    const { migrations } = await production.runJson(['migrate']);
    expect(output).toBe(`auth: ${migrations.join(', ')}\n`);
    expect((await production.run(['keys', 'list'])).code).toBe(0);
  });
});
