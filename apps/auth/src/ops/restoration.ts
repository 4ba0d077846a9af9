import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { BrowserSessionLife } from '../browser-sessions/browser-session-life.js';
import { ClientOperations } from '../clients/client-operations.js';
import { KeyLife } from '../keys/key-life.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { Sessions } from '../sessions/sessions.js';
import type { Server } from './operator.js';
import { Refusal } from './refusal.js';
import { leaveBehind } from './status-numbers.js';
import { inUtc } from './table.js';

export interface Wishes {
  readonly keepSessions: boolean;
  /** Another backup was restored since this was done. */
  readonly again: boolean;
  readonly dryRun: boolean;
}

export interface Restored {
  readonly sessionsEnded: number;
  readonly keysRevoked: readonly string[];
}

/**
 * Makes a restored database safe: what was ended or revoked after the backup was taken is good again in it, nobody knows
 * which that was, and numbers that were given away would be given away again. Each step may be repeated, and the event
 * that says it was done is the last one: whoever was killed on the way begins again.
 *
 * @throws {Refusal} where it was done already
 */
export async function afterRestore(server: Server, wishes: Wishes): Promise<Restored> {
  if (!wishes.again) await refuseTwice(server.get(UnitOfWork));
  const sessionsEnded = wishes.keepSessions ? 0 : await endSessions(server);
  await leaveBehind(server.get(UnitOfWork), server.get(Clock).now());
  const keysRevoked = await revokeKeys(server.get(KeyLife), wishes);
  await server.get(SecurityEvents).record({ type: 'database.restored', by: 'operator' });
  return { sessionsEnded, keysRevoked };
}

/** A copy that `ops backup` made tells that it is one, and so is told from a database that was made safe. */
async function refuseTwice(unitOfWork: UnitOfWork): Promise<void> {
  const rows = await unitOfWork.query<{ type: string; at: number | string }>(
    `SELECT type, max(at) AS at FROM security_event
     WHERE type IN ('database.backed_up', 'database.restored') GROUP BY type`,
  );
  const last = new Map(rows.map(({ type, at }) => [type, Number(at)]));
  const restored = last.get('database.restored');
  if (restored === undefined || restored < (last.get('database.backed_up') ?? 0)) return;
  throw new Refusal(
    `nothing to do: this was done at ${inUtc(restored)}. If another backup was restored since, say --again`,
  );
}

async function endSessions(server: Server): Promise<number> {
  let ended = await server.get(BrowserSessionLife).end('all', 'ended_by_operator');
  for (const { id } of await server.get(ClientOperations).list()) {
    ended += await server.get(Sessions).endAll({ clientId: id }, 'ended_by_operator');
  }
  return ended;
}

/** The successor first, or it would sign next. In a dry run they are only named: each change builds on the one before. */
async function revokeKeys(life: KeyLife, { dryRun }: Wishes): Promise<readonly string[]> {
  const order = ['pending', 'active', 'retiring'];
  const keys = (await life.list())
    .filter(({ state }) => order.includes(state))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  if (!dryRun) for (const { kid } of keys) await life.revoke(kid, 'operator');
  return keys.map(({ kid }) => kid);
}
