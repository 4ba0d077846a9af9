/** 429 (RFC 6585 §4): the caller may try again when the time is over. Nothing was looked at, and nothing is told. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  /** Whole seconds, at least one. */
  readonly retryAfter: number;

  constructor(milliseconds: number) {
    super('too many requests');
    this.retryAfter = Math.max(1, Math.ceil(milliseconds / 1000));
  }
}
