import type { Type } from '@nestjs/common';
import type { Algorithm } from './algorithms.js';
import type { Rejection } from './rejection.js';

/** What the library needs to know. It never reads the environment itself. */
export interface GuardsOptions {
  /** The authorization server, compared with `iss` character by character (RFC 9068 §4). */
  readonly issuer: string;
  /** The identifier of this resource server, which must be in `aud` (RFC 9068 §4). A name, not an address. */
  readonly audience: string;
  /** The only algorithms a token may be signed with (RFC 8725 §3.1). There is no default. */
  readonly algorithms: readonly Algorithm[];
  /** Where the key set is. Default: `jwks_uri` of the issuer's metadata (RFC 8414). */
  readonly jwksUri?: string | undefined;
  /** Clock difference that `exp`, `nbf` and `iat` are forgiven, in seconds, 0 to 60. Default 5. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Longest token that is looked at, in bytes, 256 to 65,536. Default 8,192. */
  readonly maxTokenBytes?: number | undefined;
  readonly keySet?: KeySetOptions | undefined;
  /** Serve the protected resource metadata (RFC 9728). Default true; it takes an `audience` that is a URL. */
  readonly servesResourceMetadata?: boolean | undefined;
  /** `resource_metadata` of the challenges. Default: that of `audience`, if it is a URL without a path. */
  readonly resourceMetadataUrl?: string | undefined;
  /** Controllers of other packages that are reachable without a token and cannot carry `@Public()`. */
  readonly publicControllers?: readonly Type[] | undefined;
  /** Allows keys to be fetched over plain http from hosts that are not loopback: whoever is on the path is the issuer. */
  readonly dangerouslyAllowInsecureHttp?: boolean | undefined;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Told of every refusal, before the answer is sent. Must not throw. */
  readonly onRejected?: ((rejection: Rejection) => void) | undefined;
}

/** How the issuer's keys are fetched and for how long they are trusted. */
export interface KeySetOptions {
  /** At most one fetch per this many seconds is spent on unknown key identifiers, 1 to 300. Default 10. */
  readonly cooldownSeconds?: number | undefined;
  /** How long the last good set is used while the issuer is down, in seconds, 0 to 86,400. Default 3,600. */
  readonly maxStaleSeconds?: number | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds, 50 to 30,000. Default 3,000. */
  readonly timeoutMs?: number | undefined;
  /** Largest answer that is read, in bytes, 1,024 to 16,777,216. Default 524,288. */
  readonly maxBytes?: number | undefined;
}

type Complete<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };
type Defaulted = Omit<GuardsOptions, 'keySet' | 'jwksUri' | 'resourceMetadataUrl' | 'onRejected'>;

/** {@link GuardsOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedGuardsOptions extends Complete<Defaulted> {
  readonly jwksUri: string | undefined;
  readonly resourceMetadataUrl: string | undefined;
  readonly onRejected: ((rejection: Rejection) => void) | undefined;
  readonly keySet: Complete<KeySetOptions>;
}

export const GUARDS_OPTIONS = Symbol('GUARDS_OPTIONS');
