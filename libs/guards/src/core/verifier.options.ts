import type { Algorithm } from './algorithms.js';
import type { Fetch } from './bounded-fetch.js';
import type { ClaimPath } from './claims.js';
import type { Verifier } from './verifier.js';

/** An authorization server whose tokens are accepted. */
export interface IssuerOptions {
  /** Compared with `iss` character by character (RFC 9068 §4). */
  readonly issuer: string;
  /** The signature algorithms that are accepted (RFC 8725 §3.1). There is no default. */
  readonly algorithms: readonly Algorithm[];
  /** Identifiers of this resource server in this issuer's tokens. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
  /** Address of the key set. Default: `jwks_uri` of the issuer's metadata (RFC 8414, or OpenID Connect Discovery). */
  readonly jwksUri?: string | undefined;
  /** Returns the key set itself (RFC 7517 §5), for an authorization server that guards its own handlers. No keys are fetched then. Default none. */
  readonly keys?: (() => { readonly keys: readonly object[] }) | undefined;
  /** Skips the status check: a token of a revoked session passes until `exp`. Default false. */
  readonly ignoresTokenStatus?: boolean | undefined;
  /** Accepts tokens that are bound to a key (`cnf`) as bearer tokens, for a service behind a gateway that checks the proof. Default false. */
  readonly ignoresTokenBinding?: boolean | undefined;
  /** Refuses tokens that are not bound to a key of their client (RFC 9449). Needs the option `dpop`. Default false. */
  readonly requiresDpop?: boolean | undefined;
  /** Accepted values of `typ`; `''` stands for a header without one. Default `at+jwt` (RFC 9068 §4). */
  readonly tokenTypes?: readonly string[] | undefined;
  /** Claims and their accepted values that separate access tokens from the issuer's other tokens. Default none. */
  readonly requiredClaims?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** The claims that this issuer uses in place of those of RFC 9068. */
  readonly claims?: ClaimMapping | undefined;
}

/**
 * Paths of claims, for issuers that do not follow RFC 9068 §2.2. The first path with a value is used; scopes are
 * collected from all paths.
 */
export interface ClaimMapping {
  /** The audience. Default `aud`. */
  readonly audience?: ClaimPath | undefined;
  /** The client that the token was issued to, which is required. An empty list says that these tokens name no client. Default `client_id`. */
  readonly clientId?: readonly ClaimPath[] | undefined;
  /** Granted scopes: a space-separated string, or an array if the claim is not `scope`. Default `scope`. */
  readonly scopes?: readonly ClaimPath[] | undefined;
  /** Roles of the user: a list, or a string with one role. Collected from all paths. Default `roles` (RFC 9068 §2.2.3.1). */
  readonly roles?: readonly ClaimPath[] | undefined;
  /** The token's identifier, which is required; an empty list makes `jti` optional. Default `jti`. */
  readonly tokenId?: readonly ClaimPath[] | undefined;
}

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

/** Verified tokens are cached by their SHA-256, never beyond `exp`, and only while their key is in the key set. */
export interface TokenCacheOptions {
  /** Number of cached tokens, about 1.8 kB each with a dozen claims; 0 verifies the signature on each request. */
  readonly maxTokens?: number | undefined;
}

/** The options of a resource server, without its issuers. Parts add options of their own. */
export interface TokenOptions {
  /** The identifier of this resource server, which must be in `aud` (RFC 9068 §4). Nothing is fetched from it. */
  readonly audience: string;
  /** Tolerated clock difference for `exp`, `nbf` and `iat`, in seconds. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Maximum age of a token since `iat`, in seconds, even if its `exp` is later. */
  readonly maxTokenAgeSeconds?: number | undefined;
  /** Maximum length of a token, in bytes. */
  readonly maxTokenBytes?: number | undefined;
  readonly keySet?: KeySetOptions | undefined;
  readonly tokenCache?: TokenCacheOptions | undefined;
  /** Maximum number of signatures in Node's thread pool. Set 0 if long work fills the pool: the event loop then checks all. */
  readonly maxPooledSignatures?: number | undefined;
  /** Verifies tokens that are not JWTs by their form, such as `introspection()`. Without an issuer it gets every token. Default none: such tokens are refused. */
  readonly opaqueTokens?: Verifier | undefined;
  /** Allows keys over plain http from other hosts than loopback. An attacker on the network path can then replace them. Default false. */
  readonly dangerouslyAllowInsecureHttp?: boolean | undefined;
  /** The time in epoch milliseconds, for the instants in tokens. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** The time in milliseconds since any fixed moment, for ages and pauses. No correction of the clock changes it. Default `performance.now`. */
  readonly monotonicNow?: (() => number) | undefined;
  /** Fetches keys, metadata and status lists, for example through a proxy. Redirects are refused. Default: the `fetch` of Node. */
  readonly fetch?: Fetch | undefined;
}

type SingleIssuer = Omit<IssuerOptions, 'audience'>;
export type NoSingleIssuer = Readonly<Partial<Record<keyof SingleIssuer, never>>>;

/** The ways to name issuers. Parts add others. */
export interface TrustModes {
  readonly one: SingleIssuer & { readonly issuers?: never };
  /** Each issuer has its own keys and rules. A token is checked by the rules of the issuer in its `iss`. */
  readonly several: NoSingleIssuer & { readonly issuers: readonly IssuerOptions[] };
  /** Without an issuer, no JWT is accepted. */
  readonly none: Partial<SingleIssuer> & {
    readonly issuers?: never;
    readonly opaqueTokens: Verifier;
  };
}

export type TrustOptions = TrustModes[keyof TrustModes];

export type VerifierOptions = TokenOptions & TrustOptions;

export type RequiredOptions<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

type IssuerFlag = 'ignoresTokenStatus' | 'ignoresTokenBinding' | 'requiresDpop';
type RequiredOfIssuer = Pick<IssuerOptions, 'issuer' | 'algorithms' | 'tokenTypes' | IssuerFlag>;

/** {@link IssuerOptions} with every default filled in. Frozen. */
export interface ResolvedIssuer
  extends Pick<IssuerOptions, 'jwksUri' | 'keys'>, RequiredOptions<RequiredOfIssuer> {
  readonly audiences: readonly string[];
  readonly requiredClaims: readonly (readonly [name: string, values: readonly string[]])[];
  readonly claims: RequiredOptions<ClaimMapping>;
}

type TimeOption = 'clockToleranceSeconds' | 'maxTokenAgeSeconds' | 'now' | 'monotonicNow';
type RequiredOfService = Pick<
  TokenOptions,
  'audience' | 'dangerouslyAllowInsecureHttp' | 'maxTokenBytes' | 'maxPooledSignatures' | TimeOption
>;

/** {@link VerifierOptions} with every default filled in. Frozen. */
export interface ResolvedVerifierOptions
  extends Pick<TokenOptions, 'opaqueTokens' | 'fetch'>, RequiredOptions<RequiredOfService> {
  readonly issuers: readonly ResolvedIssuer[];
  /** `issuers` as an object, in place of a list. The part that declares it knows its type. */
  readonly directory: object | undefined;
  readonly keySet: RequiredOptions<KeySetOptions> & Pick<TokenOptions, 'fetch'>;
  readonly tokenCache: RequiredOptions<TokenCacheOptions>;
  /** True if the caller checks the proof of possession of bound tokens. Otherwise they are refused. */
  readonly acceptsBoundTokens: boolean;
}
