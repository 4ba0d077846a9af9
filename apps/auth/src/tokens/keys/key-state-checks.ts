import type { KeyPeriods, PlannedKey } from './key-rotation-plan.js';

/** Why a key is left as it is: a sentence for the operator. */
export class KeyStateError extends Error {
  override readonly name = 'KeyRefusal';
}

interface RotationContext {
  readonly periods: KeyPeriods;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @throws {KeyStateError} where the key is not pending, or verifiers need not know it yet */
export function checkCanActivate(
  key: PlannedKey,
  signer: PlannedKey | undefined,
  moment: RotationContext,
): void {
  const { kid, state, changedAt } = key;
  if (state !== 'pending') {
    throw new KeyStateError(`the key ${kid} is ${state}: only a pending key can be activated`);
  }
  const isKnownAt = changedAt + moment.periods.lead;
  if (signer && moment.now < isKnownAt) {
    throw new KeyStateError(
      `verifiers may not know the key ${kid} before ${formatTimestamp(isKnownAt)}: wait until then, ` +
        `or revoke ${signer.kid} if it must not sign any more`,
    );
  }
}

/** @throws {KeyStateError} where the key signs or will, or tokens that it signed may be about */
export function checkCanRetire(
  { kid, state, changedAt }: PlannedKey,
  moment: RotationContext,
): void {
  if (state === 'active') {
    throw new KeyStateError(
      `the key ${kid} signs: activate its successor, or revoke it if it must not be trusted any more`,
    );
  }
  if (state === 'pending') {
    throw new KeyStateError(`the key ${kid} will sign next: revoke it if it must not`);
  }
  if (state === 'revoked') throw new KeyStateError(`the key ${kid} is revoked already`);
  const leavesAt = changedAt + moment.periods.tail;
  if (moment.now < leavesAt) {
    throw new KeyStateError(
      `tokens that the key ${kid} signed may be good until ${formatTimestamp(leavesAt)}: it retires by itself then; ` +
        'revoke it to refuse them now',
    );
  }
}

/** @throws {KeyStateError} where the key has left the set already */
export function checkCanRevoke({ kid, state }: PlannedKey): void {
  if (state === 'retired') {
    throw new KeyStateError(
      `the key ${kid} is retired: it is in no key set, and its private key is gone`,
    );
  }
}

const formatTimestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();
