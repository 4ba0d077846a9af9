import { randomBytes } from 'node:crypto';
import { type Algorithm, ALGORITHMS, isAlgorithm } from '../core/algorithms.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import { parseHttpUrl } from '../core/bounded-fetch.js';
import { option } from '../core/options.js';
import type { UsedProofs } from './used-proofs.js';

/** Tokens that are bound to a key of their client, and the proofs of possession that it sends (RFC 9449). */
export interface DpopOptions {
  /**
   * Public address of this server, with the path prefix that a proxy removes. `htu` must begin with it, and the Host
   * header is ignored. Default: the origin of `audience`, if it is a URL.
   */
  readonly baseUrl?: string | undefined;
  /** Accepted signature algorithms of proofs. Default `ES256`, `PS256` and `RS256`. */
  readonly algorithms?: readonly Algorithm[] | undefined;
  /** Maximum age of a proof, in seconds. If nonces are required, the nonce determines the age. */
  readonly maxProofAgeSeconds?: number | undefined;
  /** Store of used proofs. Replicas must share one. Default: the memory of this process. */
  readonly usedProofs?: UsedProofs | undefined;
  /** Capacity of the default store, about 90 bytes a proof. When it is full, requests get 503 until the oldest proofs expire. */
  readonly maxProofs?: number | undefined;
  /** Requires a nonce of this server in every proof (RFC 9449 §9), so that proofs cannot be made in advance. Default false. */
  readonly requiresNonce?: boolean | undefined;
  /** Minimum lifetime of a nonce, in seconds. The maximum is three times as long. */
  readonly nonceLifetimeSeconds?: number | undefined;
  /** Secrets that nonces are derived from, newest first. Replicas need the same ones. Default: a random secret of this process. */
  readonly nonceSecrets?: readonly (string | Buffer)[] | undefined;
}

export const DPOP_OPTIONS = {
  baseUrl: option.text,
  algorithms: option.texts(['ES256', 'PS256', 'RS256']),
  maxProofAgeSeconds: option.number(1, 600, 60),
  usedProofs: option.objectWithMethod('use'),
  maxProofs: option.number(1, 10_000_000, 500_000),
  requiresNonce: option.flag(),
  nonceLifetimeSeconds: option.number(1, 3600, 300),
  nonceSecrets: option.listOf(
    'strings or Buffers',
    (secret) => typeof secret === 'string' || Buffer.isBuffer(secret),
  ),
};

declare module '../nest/guards.options.js' {
  interface ResourceServerOptions {
    /** Accepts tokens that are bound to a key of their client. Without it such tokens are refused, because no proof is checked. */
    readonly dpop?: DpopOptions | undefined;
  }
  interface ResolvedGuardsOptions {
    readonly dpop?: ResolvedDpopOptions | undefined;
  }
}

/** {@link DpopOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedDpopOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly algorithms: readonly Algorithm[];
  readonly maxProofAgeSeconds: number;
  readonly usedProofs: UsedProofs | undefined;
  readonly maxProofs: number;
  readonly requiresNonce: boolean;
  readonly nonceLifetimeSeconds: number;
  readonly nonceSecrets: readonly (string | Buffer)[];
}

/** The options that decide about proofs. */
export interface ProofOptions extends ResolvedVerifierOptions {
  readonly dpop?: ResolvedDpopOptions | undefined;
}

/** The output length of the HMAC. */
const MIN_SECRET_BYTES = 32;

/** @param read shapes are checked, and constant defaults are filled in */
export function resolveDpop(
  read: Omit<ResolvedDpopOptions, 'baseUrl'> & Partial<ResolvedDpopOptions>,
  audience: string,
): ResolvedDpopOptions {
  const { baseUrl = parseHttpUrl(audience)?.origin ?? '' } = read;
  return Object.freeze({
    ...read,
    baseUrl: baseUrl.replace(/\/$/, ''),
    algorithms: Object.freeze([...read.algorithms]),
    nonceSecrets: Object.freeze([...(read.nonceSecrets ?? [randomBytes(MIN_SECRET_BYTES)])]),
  });
}

/** One sentence for each fault. It says what to set. */
export function findDpopFaults({ dpop, issuers }: ProofOptions): string[] {
  if (dpop) {
    return [
      ...findBaseUrlFaults(dpop),
      ...findDpopAlgorithmFaults(dpop),
      ...findNonceSecretFaults(dpop),
    ];
  }
  const isRequired = issuers.some(({ requiresDpop }) => requiresDpop);
  return isRequired ? ['set `dpop`: an issuer has `requiresDpop`'] : [];
}

function findBaseUrlFaults({ baseUrl }: ResolvedDpopOptions): string[] {
  if (parseHttpUrl(baseUrl) && !/[?#@]/.test(baseUrl)) return [];
  return ['set `dpop.baseUrl` to the http(s) URL that clients use, without a query'];
}

function findDpopAlgorithmFaults({ algorithms }: ResolvedDpopOptions): string[] {
  if (algorithms.length > 0 && algorithms.every(isAlgorithm)) return [];
  return [`\`dpop.algorithms\` may hold ${ALGORITHMS.join(', ')}, and must hold one`];
}

function findNonceSecretFaults({ nonceSecrets }: ResolvedDpopOptions): string[] {
  const areLong = nonceSecrets.every((secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES);
  if (nonceSecrets.length > 0 && areLong) return [];
  return [`\`dpop.nonceSecrets\` must have ${MIN_SECRET_BYTES} bytes each`];
}
