import type { SigningAlgorithm, SigningKeyState } from './signing-key.entity.js';

/** Milliseconds. */
export interface KeyPeriods {
  /** How long a key signs. */
  readonly rotation: number;
  /** How long a key is published before it signs: whoever verifies has asked for the set once more by then. */
  readonly lead: number;
  /** How long a key stays published after it stopped signing: until the last token that it signed has expired. */
  readonly tail: number;
}

export interface PlannedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: SigningKeyState;
  /** When it came into its state, in epoch milliseconds. */
  readonly changedAt: number;
}

/** What happens to a key at its time, in epoch milliseconds. `withdraw`: it stops signing and none follows. */
export type KeyStep =
  | { readonly what: 'stage'; readonly algorithm: SigningAlgorithm; readonly at: number }
  | {
      readonly what: 'activate' | 'withdraw' | 'retire';
      readonly kid: string;
      readonly at: number;
    };

/** A change of state, made only where the key is in the state that it is believed to be in. */
export interface Transition {
  readonly kid: string;
  readonly from: SigningKeyState;
  readonly to: Exclude<SigningKeyState, 'pending'>;
}

/** The keys of one algorithm, and what is to know of the others. */
interface AlgorithmKeys {
  readonly algorithm: SigningAlgorithm;
  readonly isWanted: boolean;
  /** Whether a key of another ring can sign while no key of this one does. */
  readonly hasStandIn: boolean;
  readonly keys: readonly PlannedKey[];
}

const IMMEDIATELY = 0;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The life of signing keys, as arithmetic: `pending → active → retiring → retired`. Of each wanted algorithm one key
 * signs and its successor is published already. What an operator does besides only changes what this starts from.
 */
export class KeyRotationPlan {
  /** @param algorithms algorithms that keys are made of; the first one signs access tokens, all of them ID tokens */
  constructor(
    readonly periods: KeyPeriods,
    readonly algorithms: readonly [SigningAlgorithm, ...SigningAlgorithm[]],
  ) {}

  /** The first step whose time has come; when it is done, ask again. */
  findDueStep(keys: readonly PlannedKey[], now: number): KeyStep | undefined {
    return this.planSteps(keys).find(({ at }) => at <= now);
  }

  /** When the published set will be another one than now, in epoch milliseconds, unless an operator steps in. */
  findNextChange(keys: readonly PlannedKey[]): number {
    const changes = this.planSteps(keys).filter(({ what }) => what !== 'withdraw');
    return Math.min(NEVER, ...changes.map(({ at }) => at));
  }

  /** The key that signs: of the first algorithm; of another one as long as verifiers do not know one of the first. */
  selectDefaultSigner<Key extends PlannedKey>(keys: readonly Key[]): Key | undefined {
    const active = keys.filter(({ state }) => state === 'active');
    return active.find(({ algorithm }) => algorithm === this.algorithms[0]) ?? active[0];
  }

  /**
   * The key that signs what must be signed with this algorithm. A ring that is new has only a successor yet: it is
   * published already, and whoever does not know it asks for the set.
   */
  selectSigner<Key extends PlannedKey>(
    algorithm: SigningAlgorithm,
    keys: readonly Key[],
  ): Key | undefined {
    return findKey(keys, algorithm, 'active') ?? findKey(keys, algorithm, 'pending');
  }

  private planSteps(keys: readonly PlannedKey[]): readonly KeyStep[] {
    return this.groupByAlgorithm(keys).flatMap((ring) => [
      ...(ring.isWanted ? this.planSuccession(ring) : this.planWithdrawal(ring)),
      ...this.planRetirements(ring),
    ]);
  }

  /** A rotation waits for a successor that is published long enough. */
  private planSuccession(ring: AlgorithmKeys): readonly KeyStep[] {
    const active = findKey(ring.keys, ring.algorithm, 'active');
    const pending = findKey(ring.keys, ring.algorithm, 'pending');
    if (!pending) return [{ what: 'stage', algorithm: ring.algorithm, at: IMMEDIATELY }];
    const isKnownAt = pending.changedAt + this.periods.lead;
    const isWantedAt = active ? active.changedAt + this.periods.rotation : IMMEDIATELY;
    const mustSignNow = !active && !ring.hasStandIn;
    const at = mustSignNow ? IMMEDIATELY : Math.max(isKnownAt, isWantedAt);
    return [{ what: 'activate', kid: pending.kid, at }];
  }

  /** Replicas that are not restarted yet want this algorithm still, so its keys end no sooner than they would have. */
  private planWithdrawal(ring: AlgorithmKeys): readonly KeyStep[] {
    if (!ring.hasStandIn) return [];
    const { rotation } = this.periods;
    const active = findKey(ring.keys, ring.algorithm, 'active');
    const pending = findKey(ring.keys, ring.algorithm, 'pending');
    const steps: KeyStep[] = [];
    if (active) steps.push({ what: 'withdraw', kid: active.kid, at: active.changedAt + rotation });
    if (pending) steps.push({ what: 'retire', kid: pending.kid, at: pending.changedAt + rotation });
    return steps;
  }

  private planRetirements({ keys }: AlgorithmKeys): readonly KeyStep[] {
    return keys
      .filter(({ state }) => state === 'retiring')
      .map(({ kid, changedAt }) => ({ what: 'retire', kid, at: changedAt + this.periods.tail }));
  }

  private groupByAlgorithm(keys: readonly PlannedKey[]): readonly AlgorithmKeys[] {
    const algorithms = new Set([...this.algorithms, ...keys.map(({ algorithm }) => algorithm)]);
    return [...algorithms].map((algorithm) => {
      const isWanted = this.algorithms.includes(algorithm);
      const hasStandIn = keys.some(
        (key) =>
          key.algorithm !== algorithm &&
          key.state === 'active' &&
          (isWanted || this.algorithms.includes(key.algorithm)),
      );
      const own = keys.filter((key) => key.algorithm === algorithm);
      return { algorithm, isWanted, hasStandIn, keys: own };
    });
  }
}

/** What a step does to the rows, all of it or nothing. */
export function toTransitions(
  step: Exclude<KeyStep, { what: 'stage' }>,
  keys: readonly PlannedKey[],
): readonly Transition[] {
  const key = keys.find(({ kid }) => kid === step.kid);
  if (!key) return [];
  if (step.what === 'activate') return planActivation(key, keys);
  return [{ kid: key.kid, from: key.state, to: step.what === 'retire' ? 'retired' : 'retiring' }];
}

/** The key that signs makes room first: of each algorithm one is active. */
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
