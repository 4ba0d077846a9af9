import { ConfigurationError } from '@gatehouse/service-kit';
import type { SigningAlgorithm, SigningKeyState } from './signing-key.entity.js';
import type { AuthConfig } from '../../auth.config.js';

export interface KeyPeriods {
  /** How long a key signs. */
  readonly rotationMs: number;
  /** How long a key is published before it signs. By then every verifier has fetched the key set again. */
  readonly publishedBeforeMs: number;
  /** How long a key stays published after it stopped signing. By then the last token that it signed has expired. */
  readonly publishedAfterMs: number;
}

export interface PlannedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: SigningKeyState;
  /** When the key entered its state, in epoch milliseconds. */
  readonly changedAt: number;
}

/** A planned change of a key; `at` is in epoch milliseconds. `withdraw`: the key stops signing and gets no successor. */
export type KeyStep =
  | { readonly kind: 'stage'; readonly algorithm: SigningAlgorithm; readonly at: number }
  | {
      readonly kind: 'activate' | 'withdraw' | 'retire';
      readonly kid: string;
      readonly at: number;
    };

/** A change of state that is applied only if the key is still in the state `from`. */
export interface Transition {
  readonly kid: string;
  readonly from: SigningKeyState;
  readonly to: Exclude<SigningKeyState, 'pending'>;
}

/** The keys of one algorithm. */
interface AlgorithmKeys {
  readonly algorithm: SigningAlgorithm;
  /** Whether the configuration names the algorithm. */
  readonly isConfigured: boolean;
  /** Whether a key of another algorithm can sign while no key of this algorithm does. */
  readonly hasSubstitute: boolean;
  readonly keys: readonly PlannedKey[];
}

const IMMEDIATELY = 0;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Plans the states of signing keys as a pure function of the rows: `pending → active → retiring → retired`. For each configured
 * algorithm one key signs, and its successor is published already. Changes by an operator only change the rows that the plan
 * starts from.
 */
export class KeyRotationPlan {
  /** @param algorithms the configured algorithms; the first one signs access tokens, all of them sign ID tokens */
  constructor(
    readonly periods: KeyPeriods,
    readonly algorithms: readonly [SigningAlgorithm, ...SigningAlgorithm[]],
  ) {}

  /** The first step that is due. Call it again after the step is done. */
  findDueStep(keys: readonly PlannedKey[], now: number): KeyStep | undefined {
    return this.planSteps(keys).find(({ at }) => at <= now);
  }

  /** When the published set changes next, in epoch milliseconds, unless an operator changes a key first. */
  findNextChange(keys: readonly PlannedKey[]): number {
    const changes = this.planSteps(keys).filter(({ kind }) => kind !== 'withdraw');
    return Math.min(NEVER, ...changes.map(({ at }) => at));
  }

  /** The key that signs access tokens. It has the first algorithm, unless verifiers do not know a key of that algorithm yet. */
  selectDefaultSigner<Key extends PlannedKey>(keys: readonly Key[]): Key | undefined {
    const active = keys.filter(({ state }) => state === 'active');
    return active.find(({ algorithm }) => algorithm === this.algorithms[0]) ?? active[0];
  }

  /**
   * The key that signs with this algorithm. A new algorithm has only a pending key at first. That key is published already, so a
   * verifier that does not know it fetches the key set again.
   */
  selectSigner<Key extends PlannedKey>(
    algorithm: SigningAlgorithm,
    keys: readonly Key[],
  ): Key | undefined {
    return findKey(keys, algorithm, 'active') ?? findKey(keys, algorithm, 'pending');
  }

  private planSteps(keys: readonly PlannedKey[]): readonly KeyStep[] {
    return this.groupByAlgorithm(keys).flatMap((group) => [
      ...(group.isConfigured ? this.planSuccession(group) : this.planWithdrawal(group)),
      ...this.planRetirements(group),
    ]);
  }

  /** A rotation waits until its successor is published for long enough. */
  private planSuccession(group: AlgorithmKeys): readonly KeyStep[] {
    const active = findKey(group.keys, group.algorithm, 'active');
    const pending = findKey(group.keys, group.algorithm, 'pending');
    if (!pending) return [{ kind: 'stage', algorithm: group.algorithm, at: IMMEDIATELY }];
    const isKnownAt = pending.changedAt + this.periods.publishedBeforeMs;
    const isDueAt = active ? active.changedAt + this.periods.rotationMs : IMMEDIATELY;
    const mustSignNow = !active && !group.hasSubstitute;
    const at = mustSignNow ? IMMEDIATELY : Math.max(isKnownAt, isDueAt);
    return [{ kind: 'activate', kid: pending.kid, at }];
  }

  /** Replicas that run with the old configuration still use this algorithm, so its keys live as long as they would have. */
  private planWithdrawal(group: AlgorithmKeys): readonly KeyStep[] {
    if (!group.hasSubstitute) return [];
    const { rotationMs } = this.periods;
    const active = findKey(group.keys, group.algorithm, 'active');
    const pending = findKey(group.keys, group.algorithm, 'pending');
    const steps: KeyStep[] = [];
    if (active)
      steps.push({ kind: 'withdraw', kid: active.kid, at: active.changedAt + rotationMs });
    if (pending)
      steps.push({ kind: 'retire', kid: pending.kid, at: pending.changedAt + rotationMs });
    return steps;
  }

  private planRetirements({ keys }: AlgorithmKeys): readonly KeyStep[] {
    return keys
      .filter(({ state }) => state === 'retiring')
      .map(({ kid, changedAt }) => ({
        kind: 'retire',
        kid,
        at: changedAt + this.periods.publishedAfterMs,
      }));
  }

  private groupByAlgorithm(keys: readonly PlannedKey[]): readonly AlgorithmKeys[] {
    const algorithms = new Set([...this.algorithms, ...keys.map(({ algorithm }) => algorithm)]);
    return [...algorithms].map((algorithm) => {
      const isConfigured = this.algorithms.includes(algorithm);
      const hasSubstitute = keys.some(
        (key) =>
          key.algorithm !== algorithm &&
          key.state === 'active' &&
          (isConfigured || this.algorithms.includes(key.algorithm)),
      );
      const own = keys.filter((key) => key.algorithm === algorithm);
      return { algorithm, isConfigured, hasSubstitute, keys: own };
    });
  }
}

/** The changes of rows that make up a step. They are applied together. */
export function toTransitions(
  step: Exclude<KeyStep, { kind: 'stage' }>,
  keys: readonly PlannedKey[],
): readonly Transition[] {
  const key = keys.find(({ kid }) => kid === step.kid);
  if (!key) return [];
  if (step.kind === 'activate') return planActivation(key, keys);
  return [{ kid: key.kid, from: key.state, to: step.kind === 'retire' ? 'retired' : 'retiring' }];
}

/** The active key becomes retiring first, because a unique index allows one active key per algorithm. */
export function planActivation(
  key: PlannedKey,
  keys: readonly PlannedKey[],
): readonly Transition[] {
  const next: Transition = { kid: key.kid, from: 'pending', to: 'active' };
  const active = findKey(keys, key.algorithm, 'active');
  return active ? [{ kid: active.kid, from: 'active', to: 'retiring' }, next] : [next];
}

export function findKey<Key extends PlannedKey>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
  state: SigningKeyState,
): Key | undefined {
  return keys.find((key) => key.algorithm === algorithm && key.state === state);
}

/** Maximum lifetime of every signed token, in seconds. A key stays published for that long after its last signature. */
export const MAX_TOKEN_LIFETIME_SECONDS = 3600;

/** How often every replica reads the keys from the database, in seconds. */
export const RELOAD_SECONDS = 2;
/** The same while the replica writes nothing. */
export const IDLE_RELOAD_SECONDS = 4;

/** Time until every replica knows a change, in seconds: an idle one has just read the keys, and its next query takes a second. */
const PROPAGATION_SECONDS = IDLE_RELOAD_SECONDS + 1;

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
