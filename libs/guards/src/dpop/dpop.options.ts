import type { Algorithm } from '../token/algorithms.js';
import type { UsedProofs } from './used-proofs.js';

/** Tokens that are bound to a key of their client, and the proofs that it sends with them (RFC 9449). */
export interface DpopOptions {
  /**
   * Where clients reach this server, which `htu` has to begin with: an origin, and the path that a proxy takes away. What
   * the request says of its host counts for nothing. Default: the origin of `audience`, if it is a URL.
   */
  readonly baseUrl?: string | undefined;
  /** What proofs may be signed with. Default `ES256`, `PS256` and `RS256`. */
  readonly algorithms?: readonly Algorithm[] | undefined;
  /** A proof that was made longer ago is refused, in seconds. Where nonces are required, they tell how old it is. */
  readonly maxProofAgeSeconds?: number | undefined;
  /** Which proofs were used already. Replicas need one that they share. Default: the memory of this process. */
  readonly usedProofs?: UsedProofs | undefined;
  /** How many proofs are remembered there, about 90 bytes each. Further ones are answered 503 until the oldest expire. */
  readonly maxProofs?: number | undefined;
  /** Asks for a nonce of this server in every proof (RFC 9449 §9), so that none can be made in advance. Default false. */
  readonly requiresNonce?: boolean | undefined;
  /** For how long a nonce is good at least, and at most three times as long, in seconds. */
  readonly nonceLifetimeSeconds?: number | undefined;
  /** What nonces are made from, newest first. Replicas need the same. Default: random, of this process. */
  readonly nonceSecrets?: readonly (string | Buffer)[] | undefined;
}

/** {@link DpopOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedDpopOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly algorithms: readonly Algorithm[];
  readonly maxProofAgeSeconds: number;
  readonly usedProofs: UsedProofs | undefined;
  readonly maxProofs: number;
  readonly requiresNonce: boolean;
  readonly nonceLifetimeSeconds: number;
  readonly nonceSecrets: readonly (string | Buffer)[];
}
