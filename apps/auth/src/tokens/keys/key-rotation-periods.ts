import { ConfigurationError } from '@gatehouse/service-kit';
import type { AuthConfig } from '../../auth.config.js';
import { type KeyPeriods, KeyRotationPlan } from './key-rotation-plan.js';

/** Maximum lifetime of every signed token, in seconds. A key stays published for that long after its last signature. */
export const MAX_TOKEN_LIFETIME_SECONDS = 3600;

/** How often every replica reads the keys from the database, in seconds. */
export const RELOAD_SECONDS = 2;

/** Time until every replica knows a change, in seconds: a replica has just read the keys, and its next query is slow. */
const PROPAGATION_SECONDS = RELOAD_SECONDS + 3;

type Settings = Pick<
  AuthConfig,
  | 'CLOCK_SKEW'
  | 'ID_TOKEN_ALGORITHM'
  | 'KEY_ROTATION_PERIOD'
  | 'KEY_SET_MAX_AGE'
  | 'SIGNING_ALGORITHM'
>;

/** @throws {ConfigurationError} when keys would have to sign before all verifiers know them */
export function createKeyRotationPlan(settings: Settings): KeyRotationPlan {
  const periods = computeKeyPeriods(settings);
  if (periods.rotationMs < periods.publishedBeforeMs) {
    throw new ConfigurationError([
      `KEY_ROTATION_PERIOD: ${settings.KEY_ROTATION_PERIOD} is too short: a key is published for ${periods.publishedBeforeMs / 1000} ` +
        `seconds before it signs (KEY_SET_MAX_AGE + 2 × CLOCK_SKEW + ${PROPAGATION_SECONDS}); ` +
        'set a longer period, or a lower KEY_SET_MAX_AGE',
    ]);
  }
  const { SIGNING_ALGORITHM: first, ID_TOKEN_ALGORITHM: second } = settings;
  return new KeyRotationPlan(periods, first === second ? [first] : [first, second]);
}

/**
 * Every clock may be off by the skew in both directions. Two clocks decide when a key may sign: the clock of the replica that
 * staged it, and the clock of the replica that activates it. Four clocks decide when it may leave the key set: those of the
 * replicas that stopped it, that remove it, and that issued its last token, and the clock of the verifier.
 */
function computeKeyPeriods({
  CLOCK_SKEW,
  KEY_ROTATION_PERIOD,
  KEY_SET_MAX_AGE,
}: Settings): KeyPeriods {
  return {
    rotationMs: KEY_ROTATION_PERIOD * 1000,
    publishedBeforeMs: (KEY_SET_MAX_AGE + 2 * CLOCK_SKEW + PROPAGATION_SECONDS) * 1000,
    publishedAfterMs: (MAX_TOKEN_LIFETIME_SECONDS + 4 * CLOCK_SKEW + PROPAGATION_SECONDS) * 1000,
  };
}
