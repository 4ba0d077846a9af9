import { methodOf } from '../refresh/plan.mjs';
import { onStage } from '../refresh/stage.mjs';
import { measureCosts } from './costs.mjs';
import { measureEvents } from './events.mjs';
import { planFrom } from './plan.mjs';
import { measureStatusList } from './status-list/measure.mjs';

const PACKAGES = {
  peers: ['better-sqlite3', 'pg'],
  own: ['better-sqlite3', '@nestjs/core', 'typeorm', '@node-rs/argon2'],
};

const PARTS = {
  costs: measureCosts,
  events: measureEvents,
  'status-list': measureStatusList,
};

/** What things cost that a large installation has many of. Resolves with the exit code. */
export function benchScale(options) {
  const plan = planFrom(options);
  const suite = { name: 'scale', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}
