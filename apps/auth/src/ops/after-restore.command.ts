import { Command, Option } from 'nest-commander';
import { SecurityEventRepository } from '../platform/security-events/security-event.repository.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { BrowserSessionRevocation } from '../sessions/browser-session.service.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { SessionService } from '../sessions/session.service.js';
import { KeyRotationService } from '../tokens/keys/key-rotation.service.js';
import { StatusListRepository } from '../tokens/status-lists/status-list.repository.js';
import { OperationRefused } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  OperationRunner,
  type Server,
} from './operation-runner.js';
import { formatCount, formatUtc } from './table.js';

export interface RestoreRequest {
  readonly keepSessions: boolean;
  /** Another backup was restored after the last run. */
  readonly again: boolean;
  readonly dryRun: boolean;
}

export interface RestoreResult {
  readonly sessionsEnded: number;
  readonly keysRevoked: readonly string[];
}

/**
 * Secures a restored database. Sessions and keys that were revoked after the backup are valid in it again, and the operator
 * cannot know which; slots of status lists would be allocated a second time. Each step may be repeated. The event that marks the
 * work as done comes last, so after a crash the operator runs the command again.
 *
 * @throws {OperationRefused} when the work was done before
 */
export async function secureRestoredDatabase(
  server: Server,
  request: RestoreRequest,
): Promise<RestoreResult> {
  if (!request.again) await checkNotDoneBefore(server.get(SecurityEventRepository));
  const sessionsEnded = request.keepSessions ? 0 : await endSessions(server);
  await server.get(StatusListRepository).abandonAll();
  const keysRevoked = await revokeKeys(server.get(KeyRotationService), request);
  await server.get(SecurityEventService).record({ type: 'database.restored', by: 'operator' });
  return { sessionsEnded, keysRevoked };
}

/** `ops backup` records an event in the copy. A newer event `database.restored` shows that the copy is secured. */
async function checkNotDoneBefore(events: SecurityEventRepository): Promise<void> {
  const restoredAt = await events.findLastTime('database.restored');
  const backedUpAt = await events.findLastTime('database.backed_up');
  if (restoredAt === undefined || restoredAt < (backedUpAt ?? 0)) return;
  throw new OperationRefused(
    `nothing to do: this was done at ${formatUtc(restoredAt)}. If you restored another backup since, add --again`,
  );
}

async function endSessions(server: Server): Promise<number> {
  let ended = await server.get(BrowserSessionRevocation).revokeAll('ended_by_operator');
  for (const { id } of await server.get(ClientOperationsService).list()) {
    ended += await server.get(SessionService).revokeAllOfClient(id, 'ended_by_operator');
  }
  return ended;
}

/**
 * Revokes the pending key first, because it would sign next otherwise. A dry run only lists the keys, because each revocation
 * builds on the result of the previous one.
 */
async function revokeKeys(
  rotation: KeyRotationService,
  { dryRun }: RestoreRequest,
): Promise<readonly string[]> {
  const order = ['pending', 'active', 'retiring'];
  const keys = (await rotation.list())
    .filter(({ state }) => order.includes(state))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  if (!dryRun) for (const { kid } of keys) await rotation.revoke(kid, 'operator');
  return keys.map(({ kid }) => kid);
}

const FOLLOW_UP = `Other changes since the backup are lost, and the server cannot know them.
Repeat them: disabled accounts and clients, revoked roles, changed passwords, rotated client secrets.`;

interface RestoreOptions extends ChangeOptions {
  readonly keepSessions?: boolean;
  readonly again?: boolean;
}

@Command({
  name: 'after-restore',
  description: 'secure a database that was restored from a backup (docs/backups.md)',
})
export class AfterRestoreCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], options: RestoreOptions): Promise<void> {
    const { keepSessions = false, again = false, dryRun = false } = options;
    return this.runner.change(options, async (server) => {
      const restored = await secureRestoredDatabase(server, { keepSessions, again, dryRun });
      const { sessionsEnded, keysRevoked } = restored;
      const text =
        `${formatCount(sessionsEnded, 'session')} ended, ${formatCount(keysRevoked.length, 'key')} revoked and replaced, ` +
        `and new status lists opened.\n\n${FOLLOW_UP}`;
      return { value: restored, text };
    });
  }

  @Option({
    flags: '--keep-sessions',
    description: 'keep users logged in; sessions that ended after the backup are active again',
  })
  keepSessions(): boolean {
    return true;
  }

  @Option({ flags: '--again', description: 'another backup was restored since the last run' })
  again(): boolean {
    return true;
  }
}
