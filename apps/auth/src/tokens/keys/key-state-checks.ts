import type { KeyPeriods, PlannedKey } from './key-rotation-plan.js';

/** A change of a key that its state does not allow. The message is a sentence for the operator. */
export class KeyStateError extends Error {
  override readonly name = 'KeyStateError';
}

interface RotationContext {
  readonly periods: KeyPeriods;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @throws {KeyStateError} unless the key is pending and published for long enough that all verifiers know it */
export function checkCanActivate(
  key: PlannedKey,
  signer: PlannedKey | undefined,
  context: RotationContext,
): void {
  const { kid, state, changedAt } = key;
  if (state !== 'pending') {
    throw new KeyStateError(`the key ${kid} is ${state}: only a pending key can be activated`);
  }
  const isKnownAt = changedAt + context.periods.publishedBeforeMs;
  if (signer && context.now < isKnownAt) {
    throw new KeyStateError(
      `verifiers may not know the key ${kid} before ${formatTimestamp(isKnownAt)}: wait until then, ` +
        `or revoke ${signer.kid} if it must not sign any more`,
    );
  }
}

/** @throws {KeyStateError} unless the key is retiring and the last token that it signed has expired */
export function checkCanRetire(
  { kid, state, changedAt }: PlannedKey,
  context: RotationContext,
): void {
  if (state === 'active') {
    throw new KeyStateError(
      `the key ${kid} signs: activate its successor, or revoke the key if it must not be trusted any more`,
    );
  }
  if (state === 'pending') {
    throw new KeyStateError(
      `the key ${kid} is the next signing key and cannot be retired: revoke it if it must never sign`,
    );
  }
  if (state === 'revoked') throw new KeyStateError(`the key ${kid} is revoked already`);
  const leavesAt = changedAt + context.periods.publishedAfterMs;
  if (context.now < leavesAt) {
    throw new KeyStateError(
      `tokens that the key ${kid} signed may be valid until ${formatTimestamp(leavesAt)}: the server retires the key then; ` +
        'revoke the key to reject these tokens now',
    );
  }
}

/** @throws {KeyStateError} when the key is retired */
export function checkCanRevoke({ kid, state }: PlannedKey): void {
  if (state === 'retired') {
    throw new KeyStateError(
      `the key ${kid} is retired: it is in no key set, and its private key is deleted`,
    );
  }
}

const formatTimestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();
