import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Command, Option } from 'nest-commander';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { BrowserSessionRevocation } from '../sessions/browser-session-revocation.service.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { SessionService } from '../sessions/session.service.js';
import { KeyRotationService } from '../tokens/keys/key-rotation.service.js';
import { abandonStatusLists } from '../tokens/status-lists/status-list.repository.js';
import { OperationRefused } from './errors.js';
import { type ChangeOptions, OperationRunner, type Server } from './operation-runner.js';
import { ChangingCommand } from './ops-command.js';
import { formatCount, formatUtc } from './table.js';

export interface RestoreRequest {
  readonly keepSessions: boolean;
  /** Another backup was restored since this was done. */
  readonly again: boolean;
  readonly dryRun: boolean;
}

export interface RestoreResult {
  readonly sessionsEnded: number;
  readonly keysRevoked: readonly string[];
}

/**
 * Makes a restored database safe: what was ended or revoked after the backup was taken is good again in it, nobody knows
 * which that was, and numbers that were given away would be given away again. Each step may be repeated, and the event
 * that says it was done is the last one: whoever was killed on the way begins again.
 *
 * @throws {OperationRefused} where it was done already
 */
export async function secureRestoredDatabase(
  server: Server,
  wishes: RestoreRequest,
): Promise<RestoreResult> {
  if (!wishes.again) await checkNotDoneBefore(server.get(UnitOfWork));
  const sessionsEnded = wishes.keepSessions ? 0 : await endSessions(server);
  await abandonStatusLists(server.get(UnitOfWork), server.get(Clock).now());
  const keysRevoked = await revokeKeys(server.get(KeyRotationService), wishes);
  await server.get(SecurityEventService).record({ type: 'database.restored', by: 'operator' });
  return { sessionsEnded, keysRevoked };
}

/** A copy that `ops backup` made tells that it is one, and so is told from a database that was made safe. */
async function checkNotDoneBefore(unitOfWork: UnitOfWork): Promise<void> {
  const rows = await unitOfWork.query<{ type: string; at: number | string }>(
    `SELECT type, max(at) AS at FROM security_event
     WHERE type IN ('database.backed_up', 'database.restored') GROUP BY type`,
  );
  const last = new Map(rows.map(({ type, at }) => [type, Number(at)]));
  const restored = last.get('database.restored');
  if (restored === undefined || restored < (last.get('database.backed_up') ?? 0)) return;
  throw new OperationRefused(
    `nothing to do: this was done at ${formatUtc(restored)}. If another backup was restored since, say --again`,
  );
}

async function endSessions(server: Server): Promise<number> {
  let ended = await server.get(BrowserSessionRevocation).revokeAll('ended_by_operator');
  for (const { id } of await server.get(ClientOperationsService).list()) {
    ended += await server.get(SessionService).revokeAllOfClient(id, 'ended_by_operator');
  }
  return ended;
}

/** The successor first, or it would sign next. In a dry run they are only named: each change builds on the one before. */
async function revokeKeys(
  life: KeyRotationService,
  { dryRun }: RestoreRequest,
): Promise<readonly string[]> {
  const order = ['pending', 'active', 'retiring'];
  const keys = (await life.list())
    .filter(({ state }) => order.includes(state))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  if (!dryRun) for (const { kid } of keys) await life.revoke(kid, 'operator');
  return keys.map(({ kid }) => kid);
}

const FOLLOW_UP = `What else was changed after the backup is as it was before it, and nobody but you knows what:
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
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  run(_: string[], options: RestoreOptions): Promise<void> {
    const { keepSessions = false, again = false, dryRun = false } = options;
    return this.operator.change(options, async (server) => {
      const restored = await secureRestoredDatabase(server, { keepSessions, again, dryRun });
      const { sessionsEnded, keysRevoked } = restored;
      const text =
        `${formatCount(sessionsEnded, 'session')} ended, ${formatCount(keysRevoked.length, 'key')} revoked and replaced, ` +
        `and status lists begin anew.\n\n${FOLLOW_UP}`;
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
