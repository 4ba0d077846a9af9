import { methodOf } from '../suite/plan.mjs';
import { onStage } from '../suite/stage.mjs';
import { measureFlood } from './flood.mjs';
import { measurePeers } from './peers.mjs';
import { planFrom } from './plan.mjs';

/** @typedef {import('../types.js').Options} Options */

const PACKAGES = {
  peers: ['oidc-provider', 'better-sqlite3', 'pg'],
  own: ['better-sqlite3', '@nestjs/core', 'typeorm', '@node-rs/argon2'],
};

const PARTS = { peers: measurePeers, flood: measureFlood };

/**
 * The whole authorization server beside oidc-provider. Resolves with the exit code.
 *
 * @param {Options} options
 */
export function benchServer(options) {
  const plan = planFrom(options);
  const suite = { name: 'server', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}
