import type { DeadRows } from '../upkeep/clearance.js';

const DAY = 86_400;

/** Browser sessions that ended, or that nobody can use any more. None of these instants has an index: the rows are few. */
export const deadBrowserSessions = (idleSeconds: number): DeadRows => ({
  table: 'browser_session',
  key: 'id',
  dead: '(ended_at < $1 OR absolute_expires_at < $1 OR last_used_at < $1)',
  afterSeconds: Math.max(idleSeconds, DAY),
});
