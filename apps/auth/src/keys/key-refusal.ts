import type { KeyPeriods, PlannedKey } from './key-plan.js';

/** Why a key is left as it is: a sentence for the operator. */
export class KeyRefusal extends Error {
  override readonly name = 'KeyRefusal';
}

interface Moment {
  readonly periods: KeyPeriods;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @throws {KeyRefusal} where the key is not pending, or verifiers need not know it yet */
export function refuseToActivate(
  key: PlannedKey,
  signer: PlannedKey | undefined,
  moment: Moment,
): void {
  const { kid, state, changedAt } = key;
  if (state !== 'pending') {
    throw new KeyRefusal(`the key ${kid} is ${state}: only a pending key can be activated`);
  }
  const isKnownAt = changedAt + moment.periods.lead;
  if (signer && moment.now < isKnownAt) {
    throw new KeyRefusal(
      `verifiers may not know the key ${kid} before ${timestamp(isKnownAt)}: wait until then, ` +
        `or revoke ${signer.kid} if it must not sign any more`,
    );
  }
}

/** @throws {KeyRefusal} where the key signs or will, or tokens that it signed may be about */
export function refuseToRetire({ kid, state, changedAt }: PlannedKey, moment: Moment): void {
  if (state === 'active') {
    throw new KeyRefusal(
      `the key ${kid} signs: activate its successor, or revoke it if it must not be trusted any more`,
    );
  }
  if (state === 'pending') {
    throw new KeyRefusal(`the key ${kid} will sign next: revoke it if it must not`);
  }
  if (state === 'revoked') throw new KeyRefusal(`the key ${kid} is revoked already`);
  const leavesAt = changedAt + moment.periods.tail;
  if (moment.now < leavesAt) {
    throw new KeyRefusal(
      `tokens that the key ${kid} signed may be good until ${timestamp(leavesAt)}: it retires by itself then; ` +
        'revoke it to refuse them now',
    );
  }
}

/** @throws {KeyRefusal} where the key has left the set already */
export function refuseToRevoke({ kid, state }: PlannedKey): void {
  if (state === 'retired') {
    throw new KeyRefusal(
      `the key ${kid} is retired: it is in no key set, and its private key is gone`,
    );
  }
}

const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();
