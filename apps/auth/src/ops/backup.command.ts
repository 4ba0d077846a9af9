import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UnitOfWork } from '@gatehouse/persistence';
import { Command } from 'nest-commander';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { authDatabase } from '../database/auth-database.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { type ChangeOptions, Operator, type Server } from './operator.js';
import { ChangingCommand } from './ops-command.js';
import { Refusal } from './refusal.js';
import { copySqlite } from './sqlite-copy.js';

@Command({
  name: 'backup',
  arguments: '<file>',
  description: 'copy the SQLite database while the server runs (docs/backups.md)',
})
export class BackupCommand extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  /** A dry run makes the copy, looks at it, and removes it. */
  async run([name = '']: string[], { json, dryRun = false }: ChangeOptions): Promise<void> {
    const file = resolve(name);
    const bytes = await this.operator.withServer((server) => backUp(server, { file, dryRun }));
    const text = `${file} is a copy of the database: ${bytes} bytes, read back and found whole.`;
    this.operator.say({ value: { file, bytes }, text }, { json, dryRun });
  }
}

async function backUp(server: Server, { file, dryRun }: { file: string; dryRun: boolean }) {
  if (server.get(UnitOfWork).isPostgres) {
    throw new Refusal('the database is PostgreSQL: back it up with pg_dump, see docs/backups.md');
  }
  const config = server.get<AuthConfig>(AUTH_CONFIG);
  const database = join(config.DATA_DIR, `${authDatabase(config).name}.sqlite`);
  // Before the copy, so that the copy tells of itself when it is restored; see after-restore.
  if (!dryRun)
    await server.get(SecurityEvents).record({ type: 'database.backed_up', by: 'operator' });
  const bytes = await copySqlite(database, file);
  if (dryRun) await rm(file);
  return bytes;
}
