import { planner } from '../refresh/plan.mjs';

const QUICK = { rounds: 3, seconds: 0.7, warmUp: 0.5, sessions: 100_000, events: 10_000 };
const FULL = { rounds: 7, seconds: 1.5, warmUp: 1, sessions: 1_000_000, events: 100_000 };

const PARTS = ['costs', 'events', 'status-list'];

/** What to measure, how often and how long, from the command line's words. */
export const planFrom = planner({ quick: QUICK, full: FULL, parts: PARTS });
