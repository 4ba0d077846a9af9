import { hashEntityTag } from '@gatehouse/service-kit';
import type { PublicJwk } from './jwk.js';

export interface KeySetSchedule {
  /** When the set will be another one, in epoch milliseconds. */
  readonly changesAt: number;
  /** The longest that a verifier may keep it, in seconds. */
  readonly maxAge: number;
}

/** The public keys (RFC 7517 §5) as they go over the wire: written once for every change of the set. */
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

  /** A set that changes in 90 seconds is good for 90 seconds (RFC 9111 §5.2.2.1). */
  cacheControl(now: number): string {
    const { changesAt, maxAge } = this.schedule;
    const seconds = Math.floor((changesAt - now) / 1000);
    return `public, max-age=${Math.max(1, Math.min(maxAge, seconds))}`;
  }
}
