/**
 * `npm run demo`: a walk through the guarantees of Gatehouse, against the stack that `npm start` runs. Every step checks its
 * result. The exit code is 1 when a step fails.
 */
import { defineCommand, Failure } from '../terminal/command.mjs';
import { Narrator } from './narrator.mjs';
import { orderSteps } from './order-steps.mjs';
import { rejectionSteps } from './rejection-steps.mjs';
import { staffSteps } from './staff-steps.mjs';
import { startWalk, UnmetExpectation } from './walk.mjs';

export const command = defineCommand({
  usage: `Usage: npm run demo [-- --grace <seconds>]   walks through the stack that npm start runs

  --grace <seconds>   REFRESH_GRACE_SECONDS of auth, unless it is 10`,
  options: { grace: { type: 'string' } },
  run: ({ grace }) => runDemo(graceSecondsOf(grace, process.env), process.env),
});

/** @type {readonly import('./walk.mjs').Step[]} */
const steps = [...orderSteps, ...staffSteps, ...rejectionSteps];

/**
 * Runs the steps in order, and stops at the first that fails.
 *
 * @param {number} graceSeconds
 * @param {import('../workspace.mjs').Environment} env
 * @throws {Failure} with the title of the step
 */
async function runDemo(graceSeconds, env) {
  const narrator = new Narrator(process.stdout);
  const walk = await startWalk({ narrator, env, graceSeconds });
  for (const [index, step] of steps.entries()) {
    narrator.title(index + 1, step.title);
    try {
      await step.run(walk);
    } catch (error) {
      if (!(error instanceof UnmetExpectation)) throw error;
      throw new Failure(
        `Step ${index + 1}, "${step.title}", did not do what it says: ${error.message}`,
      );
    }
    narrator.why(step.why);
  }
  narrator.end(`All ${steps.length} steps did what they say.`);
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
