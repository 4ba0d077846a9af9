import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TLSSocket } from 'node:tls';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { freePort } from '@gatehouse/service-kit/testing';
import type { Settings } from '../support/app-process.js';
import { cleanUpAfterTests, createTemporaryFolder } from '../support/cleanup.js';
import { RunningCommand } from '../support/running-command.js';

const PASSWORD = 'geheim-geheim';
const ADDON = fileURLToPath(new URL('../support/unloadable-addon.cjs', import.meta.url));

/** The ways into the database. */
const WAYS = {
  'the start of auth': ['apps/auth/dist/main.js'],
  'the start of orders': ['apps/orders/dist/main.js'],
  'the migration of billing': ['apps/billing/dist/migrate.js'],
  'ops migrate': ['apps/auth/dist/ops.js', 'migrate'],
  'an ops command': ['apps/auth/dist/ops.js', 'keys', 'list'],
};

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
  cleanUpAfterTests(() => server.stop());
});

async function run(words: readonly string[], settings: Settings) {
  const [DATA_DIR, PORT] = [await createTemporaryFolder(), String(await freePort())];
  const env = { NODE_ENV: 'development', LOG_LEVEL: 'warn', DATA_DIR, PORT, ...settings };
  const command = RunningCommand.start({ file: process.execPath, arguments: words, env });
  return { exit: await command.exit, output: command.output };
}

const urlOf = (change: (url: URL) => void): string => {
  const url = new URL(server.urlOf('postgres'));
  change(url);
  return url.href;
};

/** Answers `S` to the SSLRequest (PostgreSQL 18, §54.2.11) and has a certificate that no client trusts. */
async function startTlsServer(): Promise<number> {
  const folder = await createTemporaryFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=database -keyout ${key} -out ${cert}`.split(
      ' ',
    ),
    { stdio: 'pipe' },
  );
  const options = { isServer: true, key: await readFile(key), cert: await readFile(cert) };
  const tls: Server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      new TLSSocket(socket, options).on('error', () => socket.destroy());
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(tls, 'listening');
  cleanUpAfterTests(() => tls.close());
  const address = tls.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe.each(Object.entries(WAYS))('%s, when the database cannot be used,', (_, words) => {
  it.each([
    [
      'no server listens',
      async () => `postgres://a:${PASSWORD}@localhost:${await freePort()}/x`,
      /PostgreSQL localhost:\d+\/x \(DATABASE_URL\): .*ECONNREFUSED.*Start PostgreSQL/,
    ],
    [
      'the host name does not resolve',
      () => `postgres://a:${PASSWORD}@nosuch.invalid/x`,
      /nosuch\.invalid:5432\/x .*Correct the host name in DATABASE_URL/,
    ],
    [
      'the password is wrong',
      () => urlOf((url) => (url.password = PASSWORD)),
      /password authentication failed for user "gatehouse" \(28P01\)\. Correct the user and the password/,
    ],
    [
      'the database does not exist',
      () => urlOf((url) => (url.pathname = '/nosuch')),
      /database "nosuch" does not exist \(3D000\)\. Create the database/,
    ],
    [
      'the server has no TLS',
      () => urlOf((url) => (url.search = '?sslmode=require')),
      /does not support SSL connections\. Correct sslmode/,
    ],
  ])('prints one sentence and exits with 1 when %s', async (_case, url, sentence) => {
    const { exit, output } = await run(words, { DATABASE_URL: await url() });
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/\n\s+at |"stack"/);
    expect(output).not.toContain(PASSWORD);
    expect(exit).toBe(1);
  });
});

describe('the start of an app', () => {
  const START = WAYS['the start of orders'];
  const expectSentence = async (settings: Settings, sentence: RegExp) => {
    const { exit, output } = await run(START, settings);
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/\n\s+at |"stack"/);
    expect(exit).toBe(1);
  };

  it('names sslrootcert when the certificate of PostgreSQL is not trusted', async () => {
    const port = await startTlsServer();
    const DATABASE_URL = `postgres://a:${PASSWORD}@127.0.0.1:${port}/x?sslmode=verify-full`;
    await expectSentence({ DATABASE_URL }, /self-signed certificate.*sslrootcert=\/path\/ca\.pem/);
  });

  it.each(['missing', 'foreign'])(
    'says how to build better-sqlite3 when its binary is %s',
    async (kind) => {
      await expectSentence(
        { NODE_OPTIONS: `--require "${ADDON}"`, ADDON: kind },
        /better-sqlite3 is not built for this Node \(v\d+.*npm rebuild better-sqlite3/,
      );
    },
  );

  it('says how to install better-sqlite3 when the package is not there', async () => {
    await expectSentence(
      { NODE_OPTIONS: `--require "${ADDON}"`, ADDON: 'uninstalled' },
      /SQLite package has not been found.*better-sqlite3 cannot be loaded\. Run: npm ci/,
    );
  });

  it('names the file and DATA_DIR when the file is no SQLite database', async () => {
    const DATA_DIR = await createTemporaryFolder();
    await writeFile(join(DATA_DIR, 'orders.sqlite'), 'This is a text. '.repeat(500));
    await expectSentence(
      { DATA_DIR },
      /orders\.sqlite \(DATA_DIR\): file is not a database \(SQLITE_NOTADB\)/,
    );
  });

  it('names DATA_DIR when it is a file', async () => {
    const DATA_DIR = join(await createTemporaryFolder(), 'file');
    await writeFile(DATA_DIR, '');
    await expectSentence({ DATA_DIR }, /\(DATA_DIR\): .*EEXIST.*Set DATA_DIR to a folder/);
  });

  it('names HOST when it is not an address of this machine', async () => {
    await expectSentence(
      { HOST: '203.0.113.9' },
      /HOST: 203\.0\.113\.9 is not an address of this machine/,
    );
    await expectSentence(
      { HOST: 'nosuch.invalid' },
      /HOST: the name nosuch\.invalid does not resolve/,
    );
  });

  it('names METRICS_PORT when that port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expectSentence(
      { METRICS_PORT: String(port), METRICS_HOST: '127.0.0.1' },
      new RegExp(`Port ${port} is in use\\. Stop the other process or set METRICS_PORT`),
    );
    other.close();
  });

  it('says how to migrate when the tables are missing in production', async () => {
    const { exit, output } = await run(WAYS['an ops command'], {
      NODE_ENV: 'production',
      DATABASE_URL: await server.createDatabase('empty'),
      ISSUER: 'https://auth.example.com',
      SERVER_SECRET: randomBytes(48).toString('base64'),
      RESOURCE_SERVERS: 'https://api.example.com orders:read',
    });
    expect(output).toMatch(/not migrated.*npm run db:migrate/);
    expect(exit).toBe(1);
  });

  it('prints the stack too with LOG_LEVEL=debug', async () => {
    const DATABASE_URL = urlOf((url) => (url.pathname = '/nosuch'));
    const { output } = await run(START, { DATABASE_URL, LOG_LEVEL: 'debug' });
    expect(output).toMatch(/does not exist \(3D000\)/);
    expect(output).toMatch(/\n\s+at /);
  });
});
