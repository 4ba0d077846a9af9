/**
 * `npm run demo`: a walk through the guarantees of Gatehouse, against the stack that `npm start` runs. Every step checks its
 * result. The exit code is 1 when a step fails.
 */
import { Narrator } from '../smoke/narrator.mjs';
import { runSteps } from '../smoke/walk.mjs';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { orderSteps } from './order-steps.mjs';
import { rejectionSteps } from './rejection-steps.mjs';
import { staffSteps } from './staff-steps.mjs';
import { startWalk } from './walk.mjs';

export const command = defineCommand({
  usage: `Usage: npm run demo [-- --grace <seconds>]   walks through the stack that npm start runs

  --grace <seconds>   REFRESH_GRACE_SECONDS of auth, unless it is 10`,
  options: { grace: { type: 'string' } },
  run: ({ grace }) => runDemo(graceSecondsOf(grace, process.env), process.env),
});

/** @type {readonly import('./walk.mjs').Step[]} */
const steps = [...orderSteps, ...staffSteps, ...rejectionSteps];

/**
 * @param {number} graceSeconds
 * @param {import('../workspace.mjs').Environment} env
 */
async function runDemo(graceSeconds, env) {
  const narrator = new Narrator(process.stdout);
  await runSteps(await startWalk({ narrator, env, graceSeconds }), steps);
}

/**
 * How long auth answers the previous refresh token with the same successor, in seconds.
 *
 * @param {string | undefined} grace
 * @param {import('../workspace.mjs').Environment} env
 */
function graceSecondsOf(grace, env) {
  const text = grace ?? (env.REFRESH_GRACE_SECONDS || '10');
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 60) return seconds;
  throw new Failure(
    `The demo shows the grace window, so the window must have 1 to 60 seconds, not "${text}": ` +
      'give auth REFRESH_GRACE_SECONDS and the demo the same number by --grace.',
  );
}
