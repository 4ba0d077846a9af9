import { methodOf, planner } from '../suite/plan.mjs';
import { onStage } from '../suite/stage.mjs';
import { measureCosts } from './costs.mjs';
import { measureEvents } from './events.mjs';
import { measureStatusList } from './status-list/measure.mjs';

/** @typedef {import('../types.js').Options} Options */

const PACKAGES = {
  peers: ['better-sqlite3', 'pg'],
  own: ['better-sqlite3', '@nestjs/core', 'typeorm', '@node-rs/argon2'],
};

const PARTS = {
  costs: measureCosts,
  events: measureEvents,
  'status-list': measureStatusList,
};

/**
 * What things cost that a large installation has many of. Resolves with the exit code.
 *
 * @param {Options} options
 */
export function benchScale(options) {
  const plan = planFrom(options);
  const suite = { name: 'scale', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}

const QUICK = { rounds: 3, seconds: 0.7, warmUp: 0.5, sessions: 100_000, events: 10_000 };
const FULL = { rounds: 7, seconds: 1.5, warmUp: 1, sessions: 1_000_000, events: 100_000 };

/** What to measure, how often and how long, from the command line's words. */
export const planFrom = planner({ quick: QUICK, full: FULL, parts: Object.keys(PARTS) });
