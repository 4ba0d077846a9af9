import { type AccessToken, ScopeSet } from './access-token.js';
import { type ClaimPath, getClaim, malformedClaim, readInstant, readString } from './claims.js';
import { isName } from './options.js';
import type { ResolvedIssuer } from './verifier.options.js';
import type { JsonObject } from './strict-json.js';
import { quoteValue, TokenError } from './token-error.js';

/**
 * Converts the claims of a token with a valid signature to an {@link AccessToken}. No other code does.
 *
 * @param claims deeply frozen, because requests with the same token share them
 * @throws TokenError when the audience is another one, the token is not an access token of this issuer, or a claim
 * that RFC 9068 §2.2 requires is missing or has the wrong type
 */
export function readAccessToken(claims: JsonObject, issuer: ResolvedIssuer): AccessToken {
  const audience = readAudience(claims, issuer);
  checkRequiredClaims(claims, issuer);
  const confirmation = readBinding(claims, issuer);
  const tokenId = readTokenId(claims, issuer);
  const clientId = readClientId(claims, issuer);
  return Object.freeze({
    issuer: issuer.issuer,
    subject: readString(claims['sub'], 'sub'),
    ...(clientId !== undefined && { clientId }),
    ...(tokenId !== undefined && { tokenId }),
    audience,
    scopes: readScopes(claims, issuer),
    roles: readRoles(claims, issuer),
    issuedAt: readInstant(claims['iat'], 'iat'),
    expiresAt: readInstant(claims['exp'], 'exp'),
    ...readOptionalClaims(claims),
    ...confirmation,
    claims,
  });
}

/** RFC 9068 §4: `aud` must contain this resource server. It is a string or a list (RFC 7519 §4.1.3). */
export function readAudience(claims: JsonObject, rules: ResolvedIssuer): string {
  const { audience, clientId } = rules.claims;
  const claimed = getClaim(claims, audience);
  const names: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  const accepted = rules.audiences.find((name) => names.includes(name));
  if (accepted !== undefined) return accepted;
  const difference = `${[audience].flat().join('.')} is ${quoteValue(claimed)}`;
  const expected = `and must name ${quoteValue(rules.audiences)}`;
  // The client has to ask for a token for another audience.
  const client = findFirstClaim(claims, clientId);
  const owner = client === undefined ? '' : `; the client is ${quoteValue(client)}`;
  throw TokenError.because('wrong_audience', `${difference}, ${expected}${owner}`);
}

/** Separates access tokens from the issuer's other tokens where `typ` does not (RFC 8725 §3.12). */
export function checkRequiredClaims(claims: JsonObject, { requiredClaims }: ResolvedIssuer): void {
  for (const [name, values] of requiredClaims) {
    const claimed = getClaim(claims, name);
    if (values.some((value) => value === claimed)) continue;
    const expected = `and must be ${quoteValue(values)}`;
    throw TokenError.because('wrong_type', `${name} is ${quoteValue(claimed)}, ${expected}`);
  }
}

/**
 * The key that the token is bound to (RFC 7800 §3.1). The library implements `jkt` (RFC 9449 §6.1) and refuses every
 * other binding, because it could not check the proof.
 */
export function readBinding(
  claims: JsonObject,
  rules: Pick<ResolvedIssuer, 'ignoresTokenBinding' | 'requiresDpop'>,
): Pick<AccessToken, 'boundTo'> {
  if (rules.ignoresTokenBinding) return {};
  const boundTo = getClaim(claims, ['cnf', 'jkt']);
  if (isName(boundTo)) return { boundTo };
  if (getClaim(claims, 'cnf') !== undefined) throw new TokenError('bound_token');
  if (rules.requiresDpop) throw new TokenError('unbound_token');
  return {};
}

/** "… MUST reject a DPoP-bound access token received as a bearer token" (RFC 9449 §7.2). @throws TokenError */
export function checkUnbound<Token extends Pick<AccessToken, 'boundTo'>>(token: Token): Token {
  if (token.boundTo !== undefined) throw new TokenError('bound_token');
  return token;
}

/** RFC 9068 §2.2. Undefined for an issuer whose tokens name no client. */
export function readClientId(claims: JsonObject, { claims: { clientId } }: ResolvedIssuer) {
  if (clientId.length === 0) return undefined;
  const remedy = "`claims.clientId`, such as ['azp'], or [] for tokens without";
  return readIdentifier(claims, clientId, remedy);
}

export function readTokenId(claims: JsonObject, { claims: { tokenId } }: ResolvedIssuer) {
  if (tokenId.length === 0 && claims['jti'] === undefined) return undefined;
  const paths = tokenId.length > 0 ? tokenId : ['jti'];
  return readIdentifier(claims, paths, '`claims.tokenId`, or [] if it is optional');
}

/** @param remedy what an operator sets if this issuer's tokens have another claim */
function readIdentifier(claims: JsonObject, paths: readonly ClaimPath[], remedy: string): string {
  const value = findFirstClaim(claims, paths);
  if (isName(value)) return value;
  const names = paths.map((path) => [path].flat().join('.')).join(' or ');
  throw malformedClaim(names, `a non-empty string: set ${remedy}`);
}

export function readOptionalClaims({ nbf, sid, auth_time: authTime }: JsonObject) {
  return {
    ...(nbf !== undefined && { notBefore: readInstant(nbf, 'nbf') }),
    ...(sid !== undefined && { sessionId: readString(sid, 'sid') }),
    ...(authTime !== undefined && { authenticatedAt: readInstant(authTime, 'auth_time') }),
  };
}

function findFirstClaim(claims: JsonObject, paths: readonly ClaimPath[]): unknown {
  const path = paths.find((one) => getClaim(claims, one) !== undefined);
  return path === undefined ? undefined : getClaim(claims, path);
}

/** A token without a scope claim has no scopes. */
export function readScopes(claims: JsonObject, rules: ResolvedIssuer): ReadonlySet<string> {
  const scopes = rules.claims.scopes.flatMap((path) => parseScopes(getClaim(claims, path), path));
  return new ScopeSet(scopes.filter(Boolean));
}

const NO_ROLES: ReadonlySet<string> = new ScopeSet([]);

/** A string is one role, because names of roles may contain spaces. A claim of another type has no roles. */
function readRoles(claims: JsonObject, rules: ResolvedIssuer): ReadonlySet<string> {
  const roles = rules.claims.roles.flatMap((path) => getClaim(claims, path));
  const names = roles.filter(isName);
  return names.length > 0 ? new ScopeSet(names) : NO_ROLES;
}

/** `scope` is a space-separated string (RFC 8693 §4.2); other claims may be arrays. */
function parseScopes(value: unknown, path: ClaimPath): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return value.split(' ');
  if (path === 'scope') throw malformedClaim('scope', 'a string');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw malformedClaim(String(path), 'a string or an array of strings');
}
