import type { Fetch } from './bounded-fetch.js';
import type { ResolvedIssuer } from './issuer.options.js';

/** How the keys of an issuer are fetched, and how long they are trusted. */
export interface KeySetOptions {
  /** Unknown key identifiers cause at most one fetch in this many seconds. */
  readonly cooldownSeconds?: number | undefined;
  /** How long the last key set stays in use while the issuer is down, in seconds. */
  readonly maxStaleSeconds?: number | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Largest response that is read, in bytes. */
  readonly maxBytes?: number | undefined;
}

/**
 * How soon this process notices that a session was revoked (Token Status List, draft-ietf-oauth-status-list). It
 * applies to tokens that carry `status.status_list`; other tokens have no status.
 */
export interface StatusListOptions {
  /** Longest time between the publication of a revocation and its effect here, in seconds. */
  readonly maxAgeSeconds?: number | undefined;
  /** Oldest list that stays in use while a newer one cannot be fetched, in seconds. */
  readonly maxStaleSeconds?: number | undefined;
  /** Treatment of tokens when no usable list exists: `refuse` answers 503 with `Retry-After`, `accept` lets them pass. Default `refuse`. */
  readonly whenUnavailable?: 'refuse' | 'accept' | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Largest list that is read, in bytes, both compressed and inflated. */
  readonly maxBytes?: number | undefined;
}

/** Verified tokens are cached by their SHA-256, never beyond `exp`, and only while their key is in the key set. */
export interface TokenCacheOptions {
  /** Number of cached tokens, about 1.6 kB each with a dozen claims; 0 verifies the signature on each request. */
  readonly maxTokens?: number | undefined;
}

interface FetchOptions {
  readonly fetch?: Fetch | undefined;
}

export type RequiredOptions<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** The validated options of {@link AccessTokenVerifier}, with every default filled in. */
export interface ResolvedVerifierOptions {
  readonly issuers: readonly ResolvedIssuer[];
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number;
  readonly maxTokenBytes: number;
  readonly keySet: RequiredOptions<KeySetOptions> & FetchOptions;
  readonly statusLists: RequiredOptions<StatusListOptions> & FetchOptions;
  readonly tokenCache: RequiredOptions<TokenCacheOptions>;
  readonly dangerouslyAllowInsecureHttp: boolean;
  /** The time in epoch milliseconds, for the instants in tokens. */
  readonly now: () => number;
  /** Milliseconds since any fixed moment, for ages and pauses. A correction of the machine's clock must not change it. */
  readonly monotonicNow: () => number;
}
