import { Command, Option } from 'nest-commander';
import { type ChangeOptions, Operator } from './operator.js';
import { ChangingCommand } from './ops-command.js';
import { afterRestore } from './restoration.js';
import { counted } from './table.js';

const ADVICE = `What else was changed after the backup is as it was before it, and nobody but you knows what:
accounts and clients that were disabled, passwords, client secrets. Do these again.`;

interface RestoreOptions extends ChangeOptions {
  readonly keepSessions?: boolean;
  readonly again?: boolean;
}

@Command({
  name: 'after-restore',
  description: 'make a database safe that came from a backup (docs/backups.md)',
})
export class AfterRestoreCommand extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], options: RestoreOptions): Promise<void> {
    const { keepSessions = false, again = false, dryRun = false } = options;
    return this.operator.change(options, async (server) => {
      const restored = await afterRestore(server, { keepSessions, again, dryRun });
      const { sessionsEnded, keysRevoked } = restored;
      const text =
        `${counted(sessionsEnded, 'session')} ended, ${counted(keysRevoked.length, 'key')} revoked and replaced, ` +
        `and status lists begin anew.\n\n${ADVICE}`;
      return { value: restored, text };
    });
  }

  @Option({
    flags: '--keep-sessions',
    description: 'nobody logs in again, and sessions that were ended after the backup are alive',
  })
  keepSessions(): boolean {
    return true;
  }

  @Option({ flags: '--again', description: 'another backup was restored since this was done' })
  again(): boolean {
    return true;
  }
}
