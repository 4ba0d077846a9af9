import { randomBytes } from 'node:crypto';
import { type Algorithm, ALGORITHMS, isAlgorithm } from '../core/algorithms.js';
import type { ResolvedIssuer } from '../core/issuer.options.js';
import { DPOP_RANGES, findRangeFaults, resolveNumbers } from '../core/option-validation.js';
import { parseHttpUrl } from '../core/urls.js';
import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
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

const DEFAULT_ALGORITHMS: readonly Algorithm[] = ['ES256', 'PS256', 'RS256'];

/** In bytes: as many as the HMAC that is made with it has. */
const MIN_SECRET_BYTES = 32;

export function resolveDpop(options: DpopOptions, audience: string): ResolvedDpopOptions {
  const { baseUrl = parseHttpUrl(audience)?.origin ?? '' } = options;
  return Object.freeze({
    ...resolveNumbers(DPOP_RANGES, options),
    baseUrl: baseUrl.replace(/\/$/, ''),
    algorithms: Object.freeze([...(options.algorithms ?? DEFAULT_ALGORITHMS)]),
    usedProofs: options.usedProofs,
    requiresNonce: options.requiresNonce ?? false,
    nonceSecrets: Object.freeze([...(options.nonceSecrets ?? [randomBytes(MIN_SECRET_BYTES)])]),
  });
}

/** What is wrong with it, as sentences that say what to set. */
export function findDpopFaults({ dpop, issuers }: ResolvedGuardsOptions): string[] {
  if (dpop) {
    return [
      ...findRangeFaults('dpop.', DPOP_RANGES, dpop),
      ...findBaseUrlFaults(dpop),
      ...findDpopAlgorithmFaults(dpop),
      ...findNonceSecretFaults(dpop),
    ];
  }
  const demands = issuers.some(({ requiresDpop }) => requiresDpop);
  return demands ? ['set `dpop`: an issuer has `requiresDpop`'] : [];
}

/** Who does not look at what a token is bound to cannot ask for it. */
export function findBindingFaults(
  { requiresDpop, ignoresTokenBinding }: ResolvedIssuer,
  prefix: string,
): string[] {
  const isContradiction = requiresDpop && ignoresTokenBinding;
  return isContradiction
    ? [`set \`${prefix}requiresDpop\` or \`${prefix}ignoresTokenBinding\`, not both`]
    : [];
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
