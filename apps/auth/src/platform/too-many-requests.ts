/** The server rejects a request because of load or limits: 429 with `Retry-After` (RFC 6585 §4). The request had no effect. */
export abstract class RetryLaterError extends Error {
  /** Whole seconds, at least one. */
  abstract readonly retryAfter: number;
}

/** A rate limit or a login delay is exceeded. */
export class TooManyRequests extends RetryLaterError {
  override readonly name = 'TooManyRequests';
  override readonly retryAfter: number;

  constructor(milliseconds: number) {
    super('too many requests');
    this.retryAfter = Math.max(1, Math.ceil(milliseconds / 1000));
  }
}
