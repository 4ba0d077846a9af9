import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/security-events/security-event.js';
import { SigningKeyFactory } from './signing-key.factory.js';
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
import { SigningKeyService } from './signing-key.service.js';

export { KeyStateError as KeyRefusal } from './key-state-checks.js';

export interface SigningKeyView {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: SigningKeyState;
  readonly createdAt: Date;
  /** When it came into its state. */
  readonly changedAt: Date;
  /** When a retiring key may leave the set, and does. */
  readonly leavesAt?: Date;
}

/** More than may be due at once, so that a fault does not become an endless loop. */
const MAX_STEPS = 20;
const MAX_ATTEMPTS = 5;

/** Steps that wait for nothing are planned for the beginning of time. */
const BEGINNING_OF_TIME = 0;

/**
 * What happens to keys: by the plan, and on an operator's word. Any number of processes may do any of it at once: each
 * change holds only where the keys are still as they were when it was decided, and is decided anew where they are not.
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

  /** Of all states, newest first. */
  async list(): Promise<readonly SigningKeyView[]> {
    const keys = await this.repository.findAll();
    return keys.map(({ kid, algorithm, state, createdAt, changedAt }) => ({
      kid,
      algorithm,
      state,
      createdAt: new Date(createdAt),
      changedAt: new Date(changedAt),
      ...(state === 'retiring' && { leavesAt: new Date(changedAt + this.plan.periods.tail) }),
    }));
  }

  /** Makes the keys that are missing, as all are at the first start, and does nothing that waits for its time. */
  async createMissingKeys(): Promise<void> {
    await this.applySteps(BEGINNING_OF_TIME);
    await this.signingKeys.reload();
  }

  /** Does what is due. A process that dies on the way leaves a state from which the next call goes on. */
  async applyDueSteps(): Promise<void> {
    const { keys, steps } = await this.applySteps(this.clock.now());
    const resealed = await this.reseal(keys);
    if (steps + resealed > 0) await this.signingKeys.reload();
  }

  /** @returns the `kid` of the pending key: the one there is, or a new one */
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
   * The key signs from now on, and the one that did is retiring.
   *
   * @throws {KeyStateError} where the key is not pending, or verifiers need not know it yet
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

  /** @throws {KeyStateError} where the key signs or will, or tokens that it signed may be about */
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
   * The key leaves the set at once, and its private key is gone. Where it signed, its successor does from now on, even
   * if verifiers need to ask for it.
   *
   * @throws {KeyStateError} where the key is unknown or has left the set already
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

  /** @returns the keys at the end, and how many steps there were */
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
    if (step.what === 'stage') {
      await this.repository.insertPending(await this.factory.generate(step.algorithm), 'server');
      return;
    }
    await this.repository.applyTransitions(toTransitions(step, keys), 'server');
    if (step.what === 'retire') await this.repository.deleteOld();
  }

  /** A ring that runs out gets no more keys: where no other key signs, one of the first wanted algorithm does. */
  private async planSuccession(
    { algorithm }: StoredSigningKey,
    keys: readonly StoredSigningKey[],
    by: Actor,
  ): Promise<readonly Transition[]> {
    const wanted = this.plan.algorithms.includes(algorithm) ? algorithm : this.plan.algorithms[0];
    if (wanted !== algorithm && findKey(keys, wanted, 'active')) return [];
    const kid = findKey(keys, wanted, 'pending')?.kid ?? (await this.stage(wanted, by));
    return [{ kid, from: 'pending', to: 'active' }];
  }

  /** So that an older server secret can be taken off the list. @returns how many keys were sealed under one */
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
  if (!key) throw new KeyStateError(`there is no key ${kid}: list the keys to see which there are`);
  return key;
}

async function retryUntilApplied<T>(attempt: () => Promise<T | false>): Promise<T> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts += 1) {
    const done = await attempt();
    if (done !== false) return done;
  }
  throw new KeyStateError('others change the keys at this moment: list them, and try again');
}
