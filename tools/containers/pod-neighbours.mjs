import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPS } from '../workspace.mjs';
import { waitUntil } from './engine.mjs';

/** @typedef {import('./kubernetes.mjs').Cluster} Cluster */

const CA_FILE = '/data/caddy/pki/authorities/local/root.crt';

/**
 * Step 2 of the README: one role, one schema and one URL per app.
 *
 * @param {Cluster} cluster
 */
export async function startDatabase(cluster) {
  const password = randomBytes(24).toString('base64url');
  const options = [
    'POSTGRES_USER=gatehouse',
    'POSTGRES_DB=gatehouse',
    'POSTGRES_PASSWORD_FILE=/run/secrets/password',
  ];
  mkdirSync(join(cluster.folder, 'database'));
  writeFileSync(join(cluster.folder, 'database/password'), password, { mode: 0o444 });
  const name = `${cluster.project}-postgres`;
  const mount = ['--volume', `${join(cluster.folder, 'database')}:/run/secrets:ro`];
  await cluster.run(name, [
    ...['--network-alias', 'db.example', ...mount],
    ...options.flatMap((each) => ['--env', each]),
    'postgres:18',
  ]);
  await waitUntil('PostgreSQL is ready', 60_000, () =>
    cluster.engine.succeeds('exec', name, 'pg_isready', '--host=127.0.0.1', '--username=gatehouse'),
  );
  for (const app of APPS) {
    const own = randomBytes(24).toString('base64url');
    const sql = `CREATE ROLE ${app} LOGIN PASSWORD '${own}'; CREATE SCHEMA ${app} AUTHORIZATION ${app};`;
    const psql = ['psql', `postgres://gatehouse:${password}@127.0.0.1/gatehouse`, '--command', sql];
    await cluster.engine.run('exec', name, ...psql);
    const url = `postgres://${app}:${own}@db.example:5432/gatehouse`;
    cluster.createSecret(`gatehouse-${app}`, 'database_url', url);
  }
}

/**
 * The proxy is the ingress: it forwards the hosts of the manifest to the services.
 *
 * @param {Cluster} cluster
 * @returns {Promise<string>} the file of its CA
 */
export async function startIngress(cluster) {
  const sites = cluster.hosts.map(
    ({ host, service }) =>
      `${host} {\n  tls internal\n  reverse_proxy {\n    dynamic a ${service} 3000\n  }\n}\n`,
  );
  const file = join(cluster.folder, 'Caddyfile');
  writeFileSync(file, `{\n  skip_install_trust\n}\n${sites.join('')}`);
  const aliases = cluster.hosts.flatMap(({ host }) => ['--network-alias', host]);
  const name = `${cluster.project}-ingress`;
  const publish = ['--publish', '127.0.0.1::443'];
  const mount = ['--volume', `${file}:/etc/caddy/Caddyfile:ro`];
  await cluster.run(name, [...aliases, ...publish, ...mount, 'caddy:2']);
  await waitUntil('the proxy has a CA', 30_000, () =>
    cluster.engine.succeeds('exec', name, 'test', '-s', CA_FILE),
  );
  const ca = join(cluster.folder, 'ca.crt');
  writeFileSync(ca, await cluster.engine.run('exec', name, 'cat', CA_FILE));
  return ca;
}
