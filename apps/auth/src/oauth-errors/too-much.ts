import { TooBusy } from '../accounts/hash-queue.js';
import { TooManyRequests } from '../rate-limits/too-many-requests.js';

/** What is answered by 429 with `Retry-After`. */
export type TooMuch = TooBusy | TooManyRequests;

export const isTooMuch = (error: unknown): error is TooMuch =>
  error instanceof TooBusy || error instanceof TooManyRequests;
