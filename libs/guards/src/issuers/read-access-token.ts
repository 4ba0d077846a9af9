import { InvalidToken } from '../refusals/bearer-error.js';
import type { AccessToken } from '../token/access-token.js';
import { claimAt, type ClaimPath, deepFreeze, instant, malformed, text } from '../token/claims.js';
import { ScopeSet } from '../token/scope-set.js';
import type { JsonObject } from '../token/strict-json.js';
import type { ResolvedIssuer } from './issuer.options.js';

/**
 * The only place where verified but untyped claims become an {@link AccessToken}.
 *
 * @throws InvalidToken when it is for another audience, is no access token of this issuer, or when a claim that
 * RFC 9068 §2.2 requires is missing or has another type
 */
export function readAccessToken(claims: JsonObject, issuer: ResolvedIssuer): AccessToken {
  const audience = audienceOf(claims, issuer);
  requireClaims(claims, issuer);
  const confirmation = confirmationOf(claims, issuer);
  const tokenId = tokenIdOf(claims, issuer);
  return Object.freeze({
    issuer: issuer.issuer,
    subject: text(claims['sub'], 'sub'),
    clientId: clientIdOf(claims, issuer),
    ...(tokenId !== undefined && { tokenId }),
    audience,
    scopes: scopesOf(claims, issuer),
    issuedAt: instant(claims['iat'], 'iat'),
    expiresAt: instant(claims['exp'], 'exp'),
    ...optionalMembers(claims),
    ...confirmation,
    claims: deepFreeze(claims),
  });
}

/** RFC 9068 §4: the token is for us. `aud` is one name or a list of them (RFC 7519 §4.1.3). */
export function audienceOf(
  claims: JsonObject,
  { audiences, claims: { audience } }: ResolvedIssuer,
) {
  const claimed = claimAt(claims, audience);
  const names: unknown[] = Array.isArray(claimed) ? claimed : [claimed];
  const ours = audiences.find((name) => names.includes(name));
  if (ours === undefined) throw new InvalidToken('wrong_audience');
  return ours;
}

/** What tells access tokens from the issuer's other tokens, where `typ` does not (RFC 8725 §3.12). */
export function requireClaims(claims: JsonObject, { requiredClaims }: ResolvedIssuer): void {
  const missing = requiredClaims.some(([name, values]) => {
    const claimed = claimAt(claims, name);
    return !values.some((value) => value === claimed);
  });
  if (missing) throw new InvalidToken('wrong_type');
}

/**
 * A token that is bound to a key is for who proves to have it (RFC 7800 §3.1). Of the ways to say which key, `jkt` is
 * understood (RFC 9449 §6.1); a token that is bound in another way must not pass for one that is not.
 */
export function confirmationOf(
  claims: JsonObject,
  { ignoresTokenBinding }: Pick<ResolvedIssuer, 'ignoresTokenBinding'>,
): Pick<AccessToken, 'boundTo'> {
  if (ignoresTokenBinding || claimAt(claims, 'cnf') === undefined) return {};
  const boundTo = claimAt(claims, ['cnf', 'jkt']);
  if (typeof boundTo !== 'string' || boundTo === '') throw new InvalidToken('bound_token');
  return { boundTo };
}

export function clientIdOf(claims: JsonObject, { claims: { clientId } }: ResolvedIssuer): string {
  return text(first(claims, clientId), 'client_id');
}

export function tokenIdOf(claims: JsonObject, { claims: { tokenId } }: ResolvedIssuer) {
  const id = first(claims, tokenId.length > 0 ? tokenId : ['jti']);
  return id === undefined && tokenId.length === 0 ? undefined : text(id, 'jti');
}

export function optionalMembers({ nbf, sid, auth_time: authTime }: JsonObject) {
  return {
    ...(nbf !== undefined && { notBefore: instant(nbf, 'nbf') }),
    ...(sid !== undefined && { sessionId: text(sid, 'sid') }),
    ...(authTime !== undefined && { authenticatedAt: instant(authTime, 'auth_time') }),
  };
}

function first(claims: JsonObject, paths: readonly ClaimPath[]): unknown {
  for (const path of paths) {
    const value = claimAt(claims, path);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Absent means that nothing was granted. */
export function scopesOf(
  claims: JsonObject,
  { claims: { scopes: paths } }: ResolvedIssuer,
): ReadonlySet<string> {
  const scopes = paths.flatMap((path) => scopeList(claimAt(claims, path), path));
  return new ScopeSet(scopes.filter(Boolean));
}

/** `scope` is separated by spaces and nothing else (RFC 8693 §4.2); claims of other names may be lists. */
function scopeList(value: unknown, path: ClaimPath): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return value.split(' ');
  if (path === 'scope') throw malformed('scope', 'a string');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw malformed(String(path), 'a string or an array of strings');
}
