import type { OrderItem } from '../catalogue.js';
import type { KeyValueStore } from '../pending-request.js';

/**
 * An order that was sent, until its answer is known. While one is kept, a reload or a second click sends the same content with
 * the same key, so that orders places one order.
 */
export interface OrderAttempt {
  /** `Idempotency-Key`. */
  readonly key: string;
  /** Who ordered. Another account in the same tab must not send it. */
  readonly account: string;
  readonly items: readonly OrderItem[];
}

const STORAGE_KEY = 'order-attempt';

/** @returns the unanswered attempt of the account */
export function readAttempt(storage: KeyValueStore, account: string): OrderAttempt | undefined {
  const text = storage.getItem(STORAGE_KEY);
  if (text === null) return undefined;
  const attempt: OrderAttempt = JSON.parse(text);
  return attempt.account === account ? attempt : undefined;
}

/** @returns the unanswered attempt of the account, or a new one with the items */
export function startAttempt(
  storage: KeyValueStore,
  account: string,
  items: readonly OrderItem[],
): OrderAttempt {
  const unanswered = readAttempt(storage, account);
  if (unanswered) return unanswered;
  const attempt = { key: crypto.randomUUID(), account, items };
  storage.setItem(STORAGE_KEY, JSON.stringify(attempt));
  return attempt;
}

export const endAttempt = (storage: KeyValueStore): void => storage.removeItem(STORAGE_KEY);
