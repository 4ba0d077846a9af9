import { onStage } from '../suite/stage.mjs';
import { measureFamilies } from './families.mjs';
import { measureKeySet } from './key-set.mjs';
import { measurePeers } from './peers.mjs';
import { methodOf } from '../suite/plan.mjs';
import { planFrom } from './plan.mjs';
import { measureProcesses } from './processes.mjs';

/** @typedef {import('../types.js').Options} Options */

const PACKAGES = {
  peers: ['oidc-provider', 'better-sqlite3', 'pg'],
  own: ['better-sqlite3', '@nestjs/core', 'typeorm'],
};

const PARTS = {
  peers: measurePeers,
  'key-set': measureKeySet,
  processes: measureProcesses,
  families: measureFamilies,
};

/**
 * Runs the whole comparison and prints it. Resolves with the exit code: 1 when any answer was not as it must be.
 *
 * @param {Options} options
 */
export function benchRefresh(options) {
  const plan = planFrom(options);
  const suite = { name: 'refresh', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}
