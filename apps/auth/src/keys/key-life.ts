import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../security-events/security-event.js';
import { KeyFactory } from './key-factory.js';
import {
  activation,
  keyIn,
  KeyPlan,
  type KeyStep,
  type Transition,
  transitionsOf,
} from './key-plan.js';
import { KeyRefusal, refuseToActivate, refuseToRetire, refuseToRevoke } from './key-refusal.js';
import { type StoredKey, KeyStore } from './key-store.js';
import type { SigningAlgorithm, SigningKeyState } from './signing-key.entity.js';
import { SigningKeys } from './signing-keys.js';

export { KeyRefusal } from './key-refusal.js';

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
const MOST_STEPS = 20;
const MOST_ATTEMPTS = 5;

/** Steps that wait for nothing are planned for the beginning of time. */
const MISSING = 0;

/**
 * What happens to keys: by the plan, and on an operator's word. Any number of processes may do any of it at once: each
 * change holds only where the keys are still as they were when it was decided, and is decided anew where they are not.
 */
@Injectable()
export class KeyLife {
  constructor(
    private readonly store: KeyStore,
    private readonly plan: KeyPlan,
    private readonly factory: KeyFactory,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  /** Of all states, newest first. */
  async list(): Promise<readonly SigningKeyView[]> {
    const keys = await this.store.all();
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
  async begin(): Promise<void> {
    await this.followPlan(MISSING);
    await this.keys.reload();
  }

  /** Does what is due. A process that dies on the way leaves a state from which the next call goes on. */
  async keepUp(): Promise<void> {
    const { keys, steps } = await this.followPlan(this.clock.now());
    const resealed = await this.reseal(keys);
    if (steps + resealed > 0) await this.keys.reload();
  }

  /** @returns the `kid` of the pending key: the one there is, or a new one */
  async stage(algorithm: SigningAlgorithm, by: Actor): Promise<string> {
    const kid = await untilDone(async () => {
      const pending = keyIn(await this.store.published(), algorithm, 'pending');
      if (pending) return pending.kid;
      const key = await this.factory.make(algorithm);
      return (await this.store.stage(key, by)) && key.kid;
    });
    await this.keys.reload();
    return kid;
  }

  /**
   * The key signs from now on, and the one that did is retiring.
   *
   * @throws {KeyRefusal} where the key is not pending, or verifiers need not know it yet
   */
  async activate(kid: string, by: Actor): Promise<void> {
    await untilDone(async () => {
      const keys = await this.store.all();
      const key = known(keys, kid);
      if (key.state === 'active') return true;
      refuseToActivate(key, this.plan.signer(keys), this.moment());
      return this.store.change(activation(key, keys), by);
    });
    await this.keys.reload();
  }

  /** @throws {KeyRefusal} where the key signs or will, or tokens that it signed may be about */
  async retire(kid: string, by: Actor): Promise<void> {
    await untilDone(async () => {
      const key = known(await this.store.all(), kid);
      if (key.state === 'retired') return true;
      refuseToRetire(key, this.moment());
      return this.store.change([{ kid, from: key.state, to: 'retired' }], by);
    });
    await this.keys.reload();
  }

  /**
   * The key leaves the set at once, and its private key is gone. Where it signed, its successor does from now on, even
   * if verifiers need to ask for it.
   *
   * @throws {KeyRefusal} where the key is unknown or has left the set already
   */
  async revoke(kid: string, by: Actor): Promise<void> {
    await untilDone(async () => {
      const keys = await this.store.all();
      const key = known(keys, kid);
      if (key.state === 'revoked') return true;
      refuseToRevoke(key);
      const succession = key.state === 'active' ? await this.succession(key, keys, by) : [];
      return this.store.change([{ kid, from: key.state, to: 'revoked' }, ...succession], by);
    });
    if (!this.store.isInTransaction) await this.keepUp();
    await this.keys.reload();
  }

  /** @returns the keys at the end, and how many steps there were */
  private async followPlan(until: number) {
    let keys = await this.store.published();
    let steps = 0;
    let step = this.plan.due(keys, until);
    for (; step && steps < MOST_STEPS; steps += 1) {
      await this.take(step, keys);
      keys = await this.store.published();
      step = this.plan.due(keys, until);
    }
    return { keys, steps };
  }

  private async take(step: KeyStep, keys: readonly StoredKey[]): Promise<void> {
    if (step.what === 'stage') {
      await this.store.stage(await this.factory.make(step.algorithm), 'server');
      return;
    }
    await this.store.change(transitionsOf(step, keys), 'server');
    if (step.what === 'retire') await this.store.forgetOld();
  }

  /** A ring that runs out gets no more keys: where no other key signs, one of the first wanted algorithm does. */
  private async succession(
    { algorithm }: StoredKey,
    keys: readonly StoredKey[],
    by: Actor,
  ): Promise<readonly Transition[]> {
    const wanted = this.plan.wanted.includes(algorithm) ? algorithm : this.plan.wanted[0];
    if (wanted !== algorithm && keyIn(keys, wanted, 'active')) return [];
    const kid = keyIn(keys, wanted, 'pending')?.kid ?? (await this.stage(wanted, by));
    return [{ kid, from: 'pending', to: 'active' }];
  }

  /** So that an older server secret can be taken off the list. @returns how many keys were sealed under one */
  private async reseal(keys: readonly StoredKey[]): Promise<number> {
    const old = keys.filter(({ sealed }) => !this.factory.isCurrent(sealed));
    for (const key of old) await this.store.reseal(key, this.factory.reseal(key));
    return old.length;
  }

  private moment() {
    return { periods: this.plan.periods, now: this.clock.now() };
  }
}

function known(keys: readonly StoredKey[], kid: string): StoredKey {
  const key = keys.find((each) => each.kid === kid);
  if (!key) throw new KeyRefusal(`there is no key ${kid}: list the keys to see which there are`);
  return key;
}

async function untilDone<T>(attempt: () => Promise<T | false>): Promise<T> {
  for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts += 1) {
    const done = await attempt();
    if (done !== false) return done;
  }
  throw new KeyRefusal('others change the keys at this moment: list them, and try again');
}
