import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { hashEntityTag } from '@gatehouse/service-kit';
import type { SigningAlgorithm } from './signing-key.entity.js';

const generateKeyPairAsync = promisify(generateKeyPair);

export async function generatePrivateKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  const { privateKey } =
    algorithm === 'ES256'
      ? await generateKeyPairAsync('ec', { namedCurve: 'P-256' })
      : await generateKeyPairAsync('rsa', { modulusLength: 2048 });
  return privateKey;
}

/** A public key as the key set contains it (RFC 7517 §4). */
export interface PublicJwk {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
  readonly kty?: string;
  readonly [member: string]: unknown;
}

export function toPublicJwk(privateKey: KeyObject, algorithm: SigningAlgorithm): PublicJwk {
  const members = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kid: computeThumbprint(members), use: 'sig', alg: algorithm, ...members };
}

/** RFC 7638 §3: SHA-256 over the required members in lexicographic order. */
function computeThumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const required = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

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
