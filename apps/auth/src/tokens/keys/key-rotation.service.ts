import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/security-events/security-event.js';
import { SigningKeyFactory, SigningKeyService } from './signing-key.service.js';
import {
  findKey,
  KeyRotationPlan,
  type KeyStep,
  planActivation,
  toTransitions,
  type Transition,
} from './key-rotation-plan.js';
import {
  checkCanActivate,
  checkCanRetire,
  checkCanRevoke,
  KeyStateError,
} from './key-state-checks.js';
import { SigningKeyRepository, type StoredSigningKey } from './signing-key.repository.js';
import type { SigningAlgorithm, SigningKeyState } from './signing-key.entity.js';

export interface SigningKeyView {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: SigningKeyState;
  readonly createdAt: Date;
  /** When the key entered its state. */
  readonly changedAt: Date;
  /** When a retiring key leaves the key set. */
  readonly leavesAt?: Date;
}

/** More steps than are ever due at once, so that a programming error cannot loop for ever. */
const MAX_STEPS = 20;
const MAX_ATTEMPTS = 5;

/** The plan dates immediate steps at this time. */
const BEGINNING_OF_TIME = 0;

/**
 * Changes the states of signing keys, by the plan and by operators. Any number of processes may do so at once: a change is applied
 * only if the keys are still in the states that it was decided on, and is decided again otherwise.
 */
@Injectable()
export class KeyRotationService {
  constructor(
    private readonly repository: SigningKeyRepository,
    private readonly plan: KeyRotationPlan,
    private readonly factory: SigningKeyFactory,
    private readonly signingKeys: SigningKeyService,
    private readonly clock: Clock,
  ) {}

  /** Keys of all states, newest first. */
  async list(): Promise<readonly SigningKeyView[]> {
    const keys = await this.repository.findAll();
    return keys.map(({ kid, algorithm, state, createdAt, changedAt }) => ({
      kid,
      algorithm,
      state,
      createdAt: new Date(createdAt),
      changedAt: new Date(changedAt),
      ...(state === 'retiring' && {
        leavesAt: new Date(changedAt + this.plan.periods.publishedAfterMs),
      }),
    }));
  }

  /** Creates missing keys, which are all keys at the first start. Steps that have a time wait for {@link applyDueSteps}. */
  async createMissingKeys(): Promise<void> {
    await this.applySteps(BEGINNING_OF_TIME);
    await this.signingKeys.reload();
  }

  /** Applies the steps that are due. After a crash the next call continues. @returns whether there were any */
  async applyDueSteps(): Promise<boolean> {
    const { keys, steps } = await this.applySteps(this.clock.now());
    const resealed = await this.reseal(keys);
    if (steps + resealed > 0) await this.signingKeys.reload();
    return steps + resealed > 0;
  }

  /** @returns the `kid` of the pending key, which may have existed before */
  async stage(algorithm: SigningAlgorithm, by: Actor): Promise<string> {
    const kid = await retryUntilApplied(async () => {
      const pending = findKey(await this.repository.findPublished(), algorithm, 'pending');
      if (pending) return pending.kid;
      const key = await this.factory.generate(algorithm);
      return (await this.repository.insertPending(key, by)) && key.kid;
    });
    await this.signingKeys.reload();
    return kid;
  }

  /**
   * Makes the key sign from now on. The previous signer becomes retiring.
   *
   * @throws {KeyStateError} unless the key is pending and all verifiers know it
   */
  async activate(kid: string, by: Actor): Promise<void> {
    await retryUntilApplied(async () => {
      const keys = await this.repository.findAll();
      const key = getKey(keys, kid);
      if (key.state === 'active') return true;
      checkCanActivate(key, this.plan.selectDefaultSigner(keys), this.createContext());
      return this.repository.applyTransitions(planActivation(key, keys), by);
    });
    await this.signingKeys.reload();
  }

  /** @throws {KeyStateError} unless the key is retiring and the last token that it signed has expired */
  async retire(kid: string, by: Actor): Promise<void> {
    await retryUntilApplied(async () => {
      const key = getKey(await this.repository.findAll(), kid);
      if (key.state === 'retired') return true;
      checkCanRetire(key, this.createContext());
      return this.repository.applyTransitions([{ kid, from: key.state, to: 'retired' }], by);
    });
    await this.signingKeys.reload();
  }

  /**
   * Removes the key from the key set at once and deletes its private key. If it was active, its successor signs from now on, even
   * if verifiers must fetch the key set to know it.
   *
   * @throws {KeyStateError} when the key is unknown or retired
   */
  async revoke(kid: string, by: Actor): Promise<void> {
    await retryUntilApplied(async () => {
      const keys = await this.repository.findAll();
      const key = getKey(keys, kid);
      if (key.state === 'revoked') return true;
      checkCanRevoke(key);
      const succession = key.state === 'active' ? await this.planSuccession(key, keys, by) : [];
      return this.repository.applyTransitions(
        [{ kid, from: key.state, to: 'revoked' }, ...succession],
        by,
      );
    });
    if (!this.repository.isInTransaction) await this.applyDueSteps();
    await this.signingKeys.reload();
  }

  /** @returns the resulting keys, and the number of applied steps */
  private async applySteps(until: number) {
    let keys = await this.repository.findPublished();
    let steps = 0;
    let step = this.plan.findDueStep(keys, until);
    for (; step && steps < MAX_STEPS; steps += 1) {
      await this.applyStep(step, keys);
      keys = await this.repository.findPublished();
      step = this.plan.findDueStep(keys, until);
    }
    return { keys, steps };
  }

  private async applyStep(step: KeyStep, keys: readonly StoredSigningKey[]): Promise<void> {
    if (step.kind === 'stage') {
      await this.repository.insertPending(await this.factory.generate(step.algorithm), 'server');
      return;
    }
    await this.repository.applyTransitions(toTransitions(step, keys), 'server');
    if (step.kind === 'retire') await this.repository.deleteOld();
  }

  /** An algorithm that is not configured gets no new key. Unless another key signs, a key of the first algorithm takes over. */
  private async planSuccession(
    { algorithm }: StoredSigningKey,
    keys: readonly StoredSigningKey[],
    by: Actor,
  ): Promise<readonly Transition[]> {
    const next = this.plan.algorithms.includes(algorithm) ? algorithm : this.plan.algorithms[0];
    if (next !== algorithm && findKey(keys, next, 'active')) return [];
    const kid = findKey(keys, next, 'pending')?.kid ?? (await this.stage(next, by));
    return [{ kid, from: 'pending', to: 'active' }];
  }

  /** Encrypts keys under the newest server secret, so that the operator can remove older ones. @returns how many keys */
  private async reseal(keys: readonly StoredSigningKey[]): Promise<number> {
    const old = keys.filter(({ sealed }) => !this.factory.isSealedWithCurrentSecret(sealed));
    for (const key of old) await this.repository.replaceSealedKey(key, this.factory.reseal(key));
    return old.length;
  }

  private createContext() {
    return { periods: this.plan.periods, now: this.clock.now() };
  }
}

function getKey(keys: readonly StoredSigningKey[], kid: string): StoredSigningKey {
  const key = keys.find((each) => each.kid === kid);
  if (!key) throw new KeyStateError(`there is no key ${kid}: list the keys to see all of them`);
  return key;
}

async function retryUntilApplied<T>(attempt: () => Promise<T | false>): Promise<T> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const result = await attempt();
    if (result !== false) return result;
  }
  throw new KeyStateError('other processes change the keys now: list the keys, and try again');
}
