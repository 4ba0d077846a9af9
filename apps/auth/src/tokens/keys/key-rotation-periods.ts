import { ConfigurationError } from '@gatehouse/service-kit';
import type { AuthConfig } from '../../auth.config.js';
import { type KeyPeriods, KeyRotationPlan } from './key-rotation-plan.js';

/** Nothing that is signed lives longer, in seconds. How long a key stays published follows from it. */
export const MAX_TOKEN_LIFETIME_SECONDS = 3600;

/** How often every replica looks for changes of the keys, in seconds. */
export const RELOAD_SECONDS = 2;

/** Until every replica has seen a change, in seconds: the one that has just looked, and whose query takes its time. */
const PROPAGATION_SECONDS = RELOAD_SECONDS + 3;

type Settings = Pick<
  AuthConfig,
  | 'CLOCK_SKEW'
  | 'ID_TOKEN_ALGORITHM'
  | 'KEY_ROTATION_PERIOD'
  | 'KEY_SET_MAX_AGE'
  | 'SIGNING_ALGORITHM'
>;

/** @throws {ConfigurationError} when keys would have to sign before verifiers can know them */
export function createKeyRotationPlan(settings: Settings): KeyRotationPlan {
  const periods = computeKeyPeriods(settings);
  if (periods.rotation < periods.lead) {
    throw new ConfigurationError([
      `KEY_ROTATION_PERIOD: ${settings.KEY_ROTATION_PERIOD} is too short: a key is published for ${periods.lead / 1000} ` +
        `seconds before it signs (KEY_SET_MAX_AGE + 2 × CLOCK_SKEW + ${PROPAGATION_SECONDS}); ` +
        'set a longer period, or a lower KEY_SET_MAX_AGE',
    ]);
  }
  const { SIGNING_ALGORITHM: first, ID_TOKEN_ALGORITHM: second } = settings;
  return new KeyRotationPlan(periods, first === second ? [first] : [first, second]);
}

/**
 * Every clock may be off by the skew, either way. Two clocks tell when a key may sign: of who staged it and of who
 * activates it. Four tell when it may go: of who stopped it and of who removes it, and of who issued its last token and
 * of who verifies that.
 */
function computeKeyPeriods({
  CLOCK_SKEW,
  KEY_ROTATION_PERIOD,
  KEY_SET_MAX_AGE,
}: Settings): KeyPeriods {
  return {
    rotation: KEY_ROTATION_PERIOD * 1000,
    lead: (KEY_SET_MAX_AGE + 2 * CLOCK_SKEW + PROPAGATION_SECONDS) * 1000,
    tail: (MAX_TOKEN_LIFETIME_SECONDS + 4 * CLOCK_SKEW + PROPAGATION_SECONDS) * 1000,
  };
}
