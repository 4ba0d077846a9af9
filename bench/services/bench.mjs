import { methodOf } from '../refresh/plan.mjs';
import { onStage } from '../refresh/stage.mjs';
import { measureOrders } from './measure.mjs';
import { planFrom } from './plan.mjs';

const PACKAGES = {
  peers: [],
  own: ['@nestjs/core', 'express', 'fastify', 'typeorm', 'better-sqlite3', 'pg'],
};

const PARTS = { sqlite: measureOrders, postgresql: measureOrders };

/** What a guarded service costs in real life: orders on two platforms and two databases. Resolves with the exit code. */
export function benchServices(options) {
  const plan = planFrom(options);
  const suite = { name: 'services', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}
