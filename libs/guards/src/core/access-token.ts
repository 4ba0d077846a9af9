import { InvalidToken } from '../nest/bearer-error.js';
import {
  type ClaimPath,
  deepFreeze,
  getClaim,
  malformedClaim,
  readInstant,
  readString,
} from './claims.js';
import type { ResolvedIssuer } from './issuer.options.js';
import type { JsonObject } from './strict-json.js';

/**
 * An access token after every check has passed (RFC 9068 §2.2). Requests with the same token share it: whoever wants to
 * count with one of its dates takes a copy.
 */
export interface AccessToken {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  /** `jti`. RFC 9068 requires it; some products, which have presets here, send none. */
  readonly tokenId?: string;
  /** The audience it was accepted for: that of this resource server. */
  readonly audience: string;
  readonly scopes: ReadonlySet<string>;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly notBefore?: Date;
  /** The login that it descends from (`sid`). */
  readonly sessionId?: string;
  /** When the person last proved who they are (`auth_time`). */
  readonly authenticatedAt?: Date;
  /** Thumbprint of the key that its sender has to have (`cnf.jkt`, RFC 9449 §6.1). It was proven, where this is set. */
  readonly boundTo?: string;
  /** All claims as they were signed. Frozen to the bottom: requests with the same token share them. */
  readonly claims: JsonObject;
}

/** The scopes of a token. Requests with the same token share them, so nobody may add to them. */
export class ScopeSet extends Set<string> {
  constructor(scopes: Iterable<string>) {
    super();
    for (const scope of scopes) super.add(scope);
  }

  override add(): never {
    throw new TypeError('The scopes of a token are what was signed');
  }

  override delete(): never {
    return this.add();
  }

  override clear(): never {
    return this.add();
  }
}

/**
 * The only place where verified but untyped claims become an {@link AccessToken}.
 *
 * @throws InvalidToken when it is for another audience, is no access token of this issuer, or when a claim that
 * RFC 9068 §2.2 requires is missing or has another type
 */
export function readAccessToken(claims: JsonObject, issuer: ResolvedIssuer): AccessToken {
  const audience = readAudience(claims, issuer);
  checkRequiredClaims(claims, issuer);
  const confirmation = readBinding(claims, issuer);
  const tokenId = readTokenId(claims, issuer);
  return Object.freeze({
    issuer: issuer.issuer,
    subject: readString(claims['sub'], 'sub'),
    clientId: readClientId(claims, issuer),
    ...(tokenId !== undefined && { tokenId }),
    audience,
    scopes: readScopes(claims, issuer),
    issuedAt: readInstant(claims['iat'], 'iat'),
    expiresAt: readInstant(claims['exp'], 'exp'),
    ...readOptionalClaims(claims),
    ...confirmation,
    claims: deepFreeze(claims),
  });
}

/** RFC 9068 §4: the token is for us. `aud` is one name or a list of them (RFC 7519 §4.1.3). */
export function readAudience(
  claims: JsonObject,
  { audiences, claims: { audience } }: ResolvedIssuer,
) {
  const claimed = getClaim(claims, audience);
  const names: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  const ours = audiences.find((name) => names.includes(name));
  if (ours === undefined) throw new InvalidToken('wrong_audience');
  return ours;
}

/** What tells access tokens from the issuer's other tokens, where `typ` does not (RFC 8725 §3.12). */
export function checkRequiredClaims(claims: JsonObject, { requiredClaims }: ResolvedIssuer): void {
  const missing = requiredClaims.some(([name, values]) => {
    const claimed = getClaim(claims, name);
    return !values.some((value) => value === claimed);
  });
  if (missing) throw new InvalidToken('wrong_type');
}

/**
 * A token that is bound to a key is for who proves to have it (RFC 7800 §3.1). Of the ways to say which key, `jkt` is
 * understood (RFC 9449 §6.1); a token that is bound in another way must not pass for one that is not.
 */
export function readBinding(
  claims: JsonObject,
  { ignoresTokenBinding }: Pick<ResolvedIssuer, 'ignoresTokenBinding'>,
): Pick<AccessToken, 'boundTo'> {
  if (ignoresTokenBinding || getClaim(claims, 'cnf') === undefined) return {};
  const boundTo = getClaim(claims, ['cnf', 'jkt']);
  if (typeof boundTo !== 'string' || boundTo === '') throw new InvalidToken('bound_token');
  return { boundTo };
}

export function readClientId(claims: JsonObject, { claims: { clientId } }: ResolvedIssuer): string {
  return readString(findFirstClaim(claims, clientId), 'client_id');
}

export function readTokenId(claims: JsonObject, { claims: { tokenId } }: ResolvedIssuer) {
  const id = findFirstClaim(claims, tokenId.length > 0 ? tokenId : ['jti']);
  return id === undefined && tokenId.length === 0 ? undefined : readString(id, 'jti');
}

export function readOptionalClaims({ nbf, sid, auth_time: authTime }: JsonObject) {
  return {
    ...(nbf !== undefined && { notBefore: readInstant(nbf, 'nbf') }),
    ...(sid !== undefined && { sessionId: readString(sid, 'sid') }),
    ...(authTime !== undefined && { authenticatedAt: readInstant(authTime, 'auth_time') }),
  };
}

function findFirstClaim(claims: JsonObject, paths: readonly ClaimPath[]): unknown {
  for (const path of paths) {
    const value = getClaim(claims, path);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Absent means that nothing was granted. */
export function readScopes(
  claims: JsonObject,
  { claims: { scopes: paths } }: ResolvedIssuer,
): ReadonlySet<string> {
  const scopes = paths.flatMap((path) => parseScopes(getClaim(claims, path), path));
  return new ScopeSet(scopes.filter(Boolean));
}

/** `scope` is separated by spaces and nothing else (RFC 8693 §4.2); claims of other names may be lists. */
function parseScopes(value: unknown, path: ClaimPath): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return value.split(' ');
  if (path === 'scope') throw malformedClaim('scope', 'a string');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw malformedClaim(String(path), 'a string or an array of strings');
}
