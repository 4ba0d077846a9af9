import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { ROOT } from '../support/workspace.js';

const run = promisify(execFile);
const APPS = ['auth', 'orders'] as const;

const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
);
const SKIPPED = 'SKIPPED: psql is not installed, so deploy/postgres/roles.sh was not run';
if (!hasPsql) console.warn(SKIPPED);

(hasPsql ? describe : describe.skip)('deploy/postgres/roles.sh', () => {
  let server: PostgresServer;
  let secrets: string;
  let urls: Record<(typeof APPS)[number], string>;

  beforeAll(async () => {
    server = await startPostgres();
    const url = new URL(await server.createDatabase('compose'));
    const urlOf = (role: string) => `postgres://${role}:password-of-${role}@${url.host}/compose`;
    urls = { auth: urlOf('auth'), orders: urlOf('orders') };
    secrets = await mkdtemp(join(tmpdir(), 'gatehouse-secrets-'));
    for (const app of APPS) await writeFile(join(secrets, `${app}_database_url`), `${urls[app]}\n`);
    const env = {
      ...process.env,
      SECRETS: secrets,
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: url.username,
      PGPASSWORD: url.password,
      PGDATABASE: 'compose',
    };
    // Compose runs it at each start.
    for (let start = 0; start < 2; start++) {
      await run(join(ROOT, 'deploy', 'postgres', 'roles.sh'), { env });
    }
  });

  afterAll(async () => {
    await server?.stop();
    await rm(secrets, { recursive: true, force: true });
  });

  it('gives each app a role that can migrate its own schema', async () => {
    const migrations = { auth: ['dist/ops.js', 'migrate'], orders: ['dist/migrate.js'] };
    for (const app of APPS) {
      const { stdout } = await run(process.execPath, migrations[app], {
        cwd: join(ROOT, 'apps', app),
        env: { ...process.env, NODE_ENV: 'test', DATABASE_URL: urls[app] },
      });
      expect(stdout).toMatch(new RegExp(`^${app}: [A-Z]\\w+\\d{13}`));
    }
  });

  it('lets no app read the tables of another, such as the signing keys of auth', async () => {
    for (const table of ['auth.signing_key', 'auth.account']) {
      const query = run('psql', [urls.orders, '--command', `SELECT * FROM ${table}`]);
      await expect(query).rejects.toThrow('permission denied for schema auth');
    }
  });
});
