import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@gatehouse/service-kit/testing';

const PGBOUNCER = '/usr/sbin/pgbouncer';

export interface PgBouncer {
  /** The same database through the pooler. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

/** Prints a line when Debian's package is missing, so that a run without these tests is noticed. */
export function isPgBouncerInstalled(): boolean {
  const isInstalled = existsSync(PGBOUNCER);
  if (!isInstalled) {
    process.stderr.write(
      'PgBouncer is not installed, so its tests do not run: apt-get install pgbouncer\n',
    );
  }
  return isInstalled;
}

/**
 * Starts PgBouncer in transaction mode with its default settings.
 *
 * @param databaseUrl any database of the server behind it
 * @param settings further lines of the section `[pgbouncer]`
 */
export async function startPgBouncer(databaseUrl: string, settings = ''): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(databaseUrl);
  const ownPort = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-pgbouncer-'));
  await chmod(folder, 0o755);
  const users = join(folder, 'users.txt');
  await writeFile(users, `"${username}" "${password}"\n`);
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
${settings}
`,
  );
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(PGBOUNCER, ['-q', ...user, file], { stdio: 'ignore' });
  await waitForPort(ownPort);
  return {
    urlOf: (database) => `postgres://${username}:${password}@127.0.0.1:${ownPort}/${database}`,
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function waitForPort(port: number): Promise<void> {
  for (let attempts = 0; attempts < 400; attempts += 1) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(25);
  }
  throw new Error('PgBouncer did not start');
}
