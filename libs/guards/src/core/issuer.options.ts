import type { Algorithm } from './algorithms.js';
import type { ClaimPath } from './claims.js';

/** An authorization server whose tokens are accepted. */
export interface IssuerOptions {
  /** Compared with `iss` character by character (RFC 9068 §4). */
  readonly issuer: string;
  /** The only algorithms a token may be signed with (RFC 8725 §3.1). There is no default. */
  readonly algorithms: readonly Algorithm[];
  /** What its tokens call this resource server, one or several names. Default: the `audience` of the module. */
  readonly audience?: string | readonly string[] | undefined;
  /** Where the key set is. Default: `jwks_uri` of the issuer's metadata (RFC 8414, or OpenID Connect Discovery). */
  readonly jwksUri?: string | undefined;
  /** The key set itself (RFC 7517 §5), for a server that guards handlers of its own: no keys are fetched then. Default none. */
  readonly keys?: (() => { readonly keys: readonly object[] }) | undefined;
  /** Origin that its status lists are fetched from, under the same path. Default: that of the address in the token. */
  readonly statusListsOrigin?: string | undefined;
  /** Takes tokens without asking for their status: one whose session has ended passes until `exp`. Default false. */
  readonly ignoresTokenStatus?: boolean | undefined;
  /** Takes tokens that are bound to a key (`cnf`) as bearer tokens, for a service behind a gateway that asks for the proof. Default false. */
  readonly ignoresTokenBinding?: boolean | undefined;
  /** Refuses its tokens unless they are bound to a key of their client (RFC 9449). It takes `dpop`. Default false. */
  readonly requiresDpop?: boolean | undefined;
  /** Values of `typ` that its access tokens have; `''` stands for none. Default `at+jwt` (RFC 9068 §4). */
  readonly tokenTypes?: readonly string[] | undefined;
  /** Claims that tell its access tokens from its other tokens, with the values they may have. Default none. */
  readonly requiredClaims?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Where it writes what RFC 9068 has other names for. */
  readonly claims?: ClaimMapping | undefined;
}

/**
 * Where claims are found, for issuers that do not follow RFC 9068 §2.2. The first path that holds something counts;
 * for scopes, all paths add up.
 */
export interface ClaimMapping {
  /** The claim that names resource servers. Default `aud`. */
  readonly audience?: ClaimPath | undefined;
  /** The client that the token was issued to. Default `client_id`. */
  readonly clientId?: readonly ClaimPath[] | undefined;
  /** What was granted: strings separated by spaces, or lists where the claim is not `scope`. Default `scope`. */
  readonly scopes?: readonly ClaimPath[] | undefined;
  /** The token's identifier, which must be there; an empty list makes `jti` optional. Default `jti`. */
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
