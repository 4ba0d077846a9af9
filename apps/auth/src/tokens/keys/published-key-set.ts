import { hashEntityTag } from '@gatehouse/service-kit';
import type { PublicJwk } from './jwk.js';

export interface KeySetSchedule {
  /** When the set changes next, in epoch milliseconds. */
  readonly changesAt: number;
  /** How long a verifier may cache the set at most, in seconds. */
  readonly maxAge: number;
}

/** The public keys (RFC 7517 §5), serialized once per change of the set. */
export class PublishedKeySet {
  readonly text: string;
  readonly entityTag: string;

  constructor(
    readonly keys: readonly PublicJwk[],
    private readonly schedule: KeySetSchedule,
  ) {
    this.text = JSON.stringify({ keys });
    this.entityTag = hashEntityTag(this.text);
  }

  /** A set that changes in 90 seconds may be cached for 90 seconds (RFC 9111 §5.2.2.1). */
  cacheControl(now: number): string {
    const { changesAt, maxAge } = this.schedule;
    const seconds = Math.floor((changesAt - now) / 1000);
    return `public, max-age=${Math.max(1, Math.min(maxAge, seconds))}`;
  }
}
