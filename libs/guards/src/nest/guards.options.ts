import type { AccessToken } from '../core/access-token.js';
import type { Fetch } from '../core/bounded-fetch.js';
import type { IssuerOptions } from '../core/issuer.options.js';
import type {
  KeySetOptions,
  RequiredOptions,
  ResolvedVerifierOptions,
  StatusListOptions,
  TokenCacheOptions,
} from '../core/verifier.options.js';
import type { Rejection } from './bearer-error.js';
import type { ProofOfPossession } from './proof-of-possession.js';
import type { ControllerPattern } from './controller-list.js';
import type { Transport } from './transport.js';

/**
 * The configuration: one issuer or several, and the identifier of this resource server. The library never reads the
 * environment.
 */
export type GuardsOptions = ResourceServerOptions & (OneIssuer | SeveralIssuers);

export interface OneIssuer extends Omit<IssuerOptions, 'audience'> {
  readonly issuers?: never;
}

interface SeveralIssuers extends Readonly<
  Partial<Record<Exclude<keyof IssuerOptions, 'audience'>, never>>
> {
  /** Each issuer has its own keys and rules. A token is checked by the rules of the issuer in its `iss`. */
  readonly issuers: readonly [IssuerOptions, ...IssuerOptions[]];
}

export interface ResourceServerOptions {
  /** The identifier of this resource server, which must be in `aud` (RFC 9068 §4). Nothing is fetched from it. */
  readonly audience: string;
  /** Tolerated clock difference for `exp`, `nbf` and `iat`, in seconds. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Maximum age of a token since `iat`, in seconds, even if its `exp` is later. */
  readonly maxTokenAgeSeconds?: number | undefined;
  /** Maximum length of a token, in bytes. */
  readonly maxTokenBytes?: number | undefined;
  readonly keySet?: KeySetOptions | undefined;
  readonly statusLists?: StatusListOptions | undefined;
  readonly tokenCache?: TokenCacheOptions | undefined;
  /** Guarded transports besides HTTP. Each comes from its own entry point. Default none. */
  readonly transports?: readonly Transport[] | undefined;
  /** Serves the protected resource metadata (RFC 9728), if `audience` is a URL. Default true. */
  readonly servesResourceMetadata?: boolean | undefined;
  /** `resource_metadata` of the challenges. Default: the metadata address of `audience`, if it is a URL. */
  readonly resourceMetadataUrl?: string | undefined;
  /** `scopes_supported` of the metadata, which clients may request in full: leave out those of staff and services. Challenges prefer them. Default: every required scope. */
  readonly advertisedScopes?: readonly string[] | undefined;
  /** Controllers of other packages that need no token and cannot carry `@Public()`: classes, names, patterns such as `Bull*`, or regular expressions. Default none. */
  readonly publicControllers?: readonly ControllerPattern[] | undefined;
  /** Controllers that other guards protect, as in `publicControllers`. A handler in them with access decorators is guarded here. Default none. */
  readonly guardedElsewhere?: readonly ControllerPattern[] | undefined;
  /** Treatment of handlers without access decorators: `refuse` stops the start. `reportTemporarily` is for a migration: it logs them, and leaves them to other guards. Default `refuse`. */
  readonly undeclaredHandlers?: 'refuse' | 'reportTemporarily' | undefined;
  /** Returns `request.user` for a verified token, in the form that the handlers expect. Called once by each guarded call, and never without a token. Default: the token. */
  readonly user?: ((token: AccessToken) => unknown) | undefined;
  /** Allows keys over plain http from other hosts than loopback. An attacker on the network path can then replace them. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean | undefined;
  /** The time in epoch milliseconds, for the instants in tokens. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** The time in milliseconds since any fixed moment, for ages and pauses. No correction of the clock changes it. Default `performance.now`. */
  readonly monotonicNow?: (() => number) | undefined;
  /** Fetches keys, metadata and status lists, for example through a proxy. Redirects are refused. Default: the `fetch` of Node. */
  readonly fetch?: Fetch | undefined;
  /** Called for every refusal, before the answer is sent. It replaces the log, unless you set `logsRejections: true`. Its errors are logged and change no answer. Default none. */
  readonly onRejected?: ((rejection: Rejection) => void) | undefined;
  /** Logs refusals: the first of each reason in a minute, and of each outage, as a warning, and the others at debug. Default: unless `onRejected` is set. */
  readonly logsRejections?: boolean | undefined;
}

type NestedOption =
  | 'dpop'
  | 'keySet'
  | 'statusLists'
  | 'tokenCache'
  | 'resourceMetadataUrl'
  | 'advertisedScopes'
  | 'onRejected'
  | 'user'
  | 'fetch';

/** {@link GuardsOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedGuardsOptions
  extends ResolvedVerifierOptions, RequiredOptions<Omit<ResourceServerOptions, NestedOption>> {
  readonly resourceMetadataUrl: string | undefined;
  readonly advertisedScopes: readonly string[] | undefined;
  readonly onRejected: ((rejection: Rejection) => void) | undefined;
  readonly proofOfPossession: ProofOfPossession | undefined;
  readonly user: ((token: AccessToken) => unknown) | undefined;
}

/** Injection token of {@link GuardsOptions}. A test may override it: `overrideProvider(GUARDS_OPTIONS).useValue(issuer.options)`. */
export const GUARDS_OPTIONS = Symbol('GUARDS_OPTIONS');

/** Injection token of {@link ResolvedGuardsOptions}. */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');
