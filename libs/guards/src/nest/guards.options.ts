import type { Type } from '@nestjs/common';
import type { DpopOptions, ResolvedDpopOptions } from '../dpop/dpop.options.js';
import type { IssuerOptions, ResolvedIssuer } from '../core/issuer.options.js';
import type { Rejection } from './bearer-error.js';
import type { Transport } from './transport.js';

/**
 * What the library needs to know: one issuer, or several of them, and what this resource server is called. It never
 * reads the environment itself.
 */
export type GuardsOptions = ResourceServerOptions & (OneIssuer | SeveralIssuers);

export interface OneIssuer extends Omit<IssuerOptions, 'audience'> {
  readonly issuers?: never;
}

interface SeveralIssuers extends Readonly<
  Partial<Record<Exclude<keyof IssuerOptions, 'audience'>, never>>
> {
  /** Each with its own keys and rules. A token is judged by the rules of the issuer that it names. */
  readonly issuers: readonly [IssuerOptions, ...IssuerOptions[]];
}

export interface ResourceServerOptions {
  /** The identifier of this resource server, which must be in `aud` (RFC 9068 §4). A name, not an address. */
  readonly audience: string;
  /** Clock difference that `exp`, `nbf` and `iat` are forgiven, in seconds. */
  readonly clockToleranceSeconds?: number | undefined;
  /** A token that was issued longer ago is refused, whatever its `exp` says, in seconds. */
  readonly maxTokenAgeSeconds?: number | undefined;
  /** Longest token that is looked at, in bytes. */
  readonly maxTokenBytes?: number | undefined;
  readonly keySet?: KeySetOptions | undefined;
  readonly statusLists?: StatusListOptions | undefined;
  readonly tokenCache?: TokenCacheOptions | undefined;
  /** Accepts tokens that are bound to a key of their client. Without it they are refused, for nobody checks the proof. */
  readonly dpop?: DpopOptions | undefined;
  /** Transports besides HTTP whose handlers are guarded, from the entry points of their own. Default none. */
  readonly transports?: readonly Transport[] | undefined;
  /** Serve the protected resource metadata (RFC 9728). It takes an `audience` that is a URL. Default true. */
  readonly servesResourceMetadata?: boolean | undefined;
  /** `resource_metadata` of the challenges. Default: that of `audience`, if it is a URL without a path. */
  readonly resourceMetadataUrl?: string | undefined;
  /** Controllers of other packages that are reachable without a token and cannot carry `@Public()`. Default none. */
  readonly publicControllers?: readonly Type[] | undefined;
  /** Allows keys over plain http from hosts that are not loopback: whoever is on the path is the issuer. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean | undefined;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Told of every refusal, before the answer is sent. What it throws is logged, and changes no answer. Default none. */
  readonly onRejected?: ((rejection: Rejection) => void) | undefined;
}

/** How an issuer's keys are fetched and for how long they are trusted. */
export interface KeySetOptions {
  /** At most one fetch per this many seconds is spent on unknown key identifiers. */
  readonly cooldownSeconds?: number | undefined;
  /** How long the last good set is used while the issuer is down, in seconds. */
  readonly maxStaleSeconds?: number | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Largest answer that is read, in bytes. */
  readonly maxBytes?: number | undefined;
}

/**
 * How soon it is known here that a session has ended (Token Status List, draft-ietf-oauth-status-list). It is about
 * tokens that carry `status.status_list`; the others are not asked for their status.
 */
export interface StatusListOptions {
  /** A revoked token is refused this long after the issuer has published it, at the latest, in seconds. */
  readonly maxAgeSeconds?: number | undefined;
  /** The oldest list that is still used while no newer one can be had, in seconds. */
  readonly maxStaleSeconds?: number | undefined;
  /** What happens to tokens then: `refuse` answers 503 with `Retry-After`, `accept` takes their word. Default `refuse`. */
  readonly whenUnavailable?: 'refuse' | 'accept' | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Largest list that is read, in bytes, as it is sent and as it is when inflated. */
  readonly maxBytes?: number | undefined;
}

/** Verified tokens are remembered by their SHA-256, never beyond `exp`, and go when their key leaves the set. */
export interface TokenCacheOptions {
  /** How many tokens are remembered, about 1.6 kB each with a dozen claims; 0 verifies every signature every time. */
  readonly maxTokens?: number | undefined;
}

type RequiredOptions<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };
type NestedOption =
  'keySet' | 'statusLists' | 'tokenCache' | 'dpop' | 'resourceMetadataUrl' | 'onRejected';

/** {@link GuardsOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedGuardsOptions extends RequiredOptions<
  Omit<ResourceServerOptions, NestedOption>
> {
  readonly issuers: readonly ResolvedIssuer[];
  readonly resourceMetadataUrl: string | undefined;
  readonly onRejected: ((rejection: Rejection) => void) | undefined;
  readonly keySet: RequiredOptions<KeySetOptions>;
  readonly statusLists: RequiredOptions<StatusListOptions>;
  readonly tokenCache: RequiredOptions<TokenCacheOptions>;
  readonly dpop: ResolvedDpopOptions | undefined;
}

export const GUARDS_OPTIONS = Symbol('GUARDS_OPTIONS');
