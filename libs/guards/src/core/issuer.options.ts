import type { Algorithm } from './algorithms.js';
import type { ClaimPath } from './claims.js';

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
  /** Origin to fetch status lists from, under the same path. Default: the origin of the address in the token. */
  readonly statusListsOrigin?: string | undefined;
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

/** {@link IssuerOptions} with every default filled in. Frozen. */
export interface ResolvedIssuer {
  readonly issuer: string;
  readonly algorithms: readonly Algorithm[];
  readonly audiences: readonly string[];
  readonly jwksUri: string | undefined;
  readonly keys: IssuerOptions['keys'];
  readonly statusListsOrigin: string | undefined;
  readonly ignoresTokenStatus: boolean;
  readonly ignoresTokenBinding: boolean;
  readonly requiresDpop: boolean;
  readonly tokenTypes: readonly string[];
  readonly requiredClaims: readonly (readonly [name: string, values: readonly string[]])[];
  readonly claims: { readonly [K in keyof ClaimMapping]-?: Exclude<ClaimMapping[K], undefined> };
}
