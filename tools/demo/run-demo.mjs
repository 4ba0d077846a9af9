import { Failure } from '../terminal/failure.mjs';
import { steps } from './steps.mjs';
import { UnmetExpectation } from './expectations.mjs';
import { Narrator } from './narrator.mjs';
import { setOut } from './walk.mjs';

/**
 * Goes through the steps in order, and stops at the first that does not do what it says.
 *
 * @param {{ grace?: string }} options
 * @throws {Failure} that names the step
 */
export async function runDemo(options, env) {
  const narrator = new Narrator(process.stdout);
  const walk = await setOut({ narrator, env, graceSeconds: graceOf(options, env) });
  for (const [at, step] of steps.entries()) {
    narrator.title(at + 1, step.title);
    try {
      await step.run(walk);
    } catch (error) {
      if (!(error instanceof UnmetExpectation)) throw error;
      throw new Failure(
        `Step ${at + 1}, "${step.title}", did not do what it says: ${error.message}`,
      );
    }
    narrator.why(step.why);
  }
  narrator.end(`All ${steps.length} steps did what they say.`);
}

/** How long auth lets the previous refresh token give the same successor, in seconds. */
function graceOf({ grace }, env) {
  const text = grace ?? (env.REFRESH_GRACE_SECONDS || '10');
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 60) return seconds;
  throw new Failure(
    `The demo shows the grace window, so it needs one of 1 to 60 seconds, not "${text}": ` +
      'give auth REFRESH_GRACE_SECONDS and the demo the same number by --grace.',
  );
}
