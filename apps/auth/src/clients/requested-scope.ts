import { OAuthError } from '../platform/oauth-error.js';
import { splitWords } from '../platform/request-text.js';
import { type ResourceServer, SCOPE_TOKEN_PATTERN } from '../platform/resource-servers.js';

/**
 * The requested scope in the order of `allowed`; without a request, all of `allowed`. Beside `openid`, unknown words "SHOULD be
 * ignored" (OpenID Connect Core §3.1.2.1).
 *
 * "The requested scope MUST NOT include any scope not originally granted" (RFC 6749 §6).
 * @param known the scopes of all resource servers
 * @throws {OAuthError} `invalid_scope`
 */
export function narrowScope(
  allowed: readonly string[],
  requested: string | undefined,
  known: readonly string[],
): readonly string[] {
  const words = splitWords(requested ?? '');
  if (words.length === 0) return allowed;
  const isIgnored = (word: string) =>
    words.includes('openid') && !known.includes(word) && SCOPE_TOKEN_PATTERN.test(word);
  const excess = words.filter((word) => !allowed.includes(word) && !isIgnored(word));
  if (excess.length > 0) {
    const values = { presented: excess.join(' '), expected: allowed.join(' ') };
    throw OAuthError.invalidScope(describeExcess(excess, known), values);
  }
  return allowed.filter((word) => words.includes(word));
}

function describeExcess(excess: readonly string[], known: readonly string[]): string {
  const malformed = excess.find((word) => !SCOPE_TOKEN_PATTERN.test(word));
  if (malformed !== undefined) return `Malformed scope: ${malformed}`;
  const unknown = excess.filter((word) => !known.includes(word));
  if (unknown.length === 0) return `Scope not granted to this client: ${excess.join(' ')}`;
  // Several libraries join scopes with commas by default, or encode a plus sign that should be a space.
  const hint = unknown.some((word) => /[,+]/.test(word)) ? ' (a space separates scopes)' : '';
  return `Unknown scope: ${unknown.join(' ')}${hint}`;
}

/**
 * The part of a granted scope that the client may still have. The operator can remove a scope from a client at any time.
 * @throws {OAuthError} `invalid_grant` if nothing remains
 */
export function limitToClient(
  { scope: allowed }: { readonly scope: readonly string[] },
  granted: readonly string[],
): readonly string[] {
  const scope = granted.filter((word) => allowed.includes(word));
  if (scope.length > 0) return scope;
  throw OAuthError.invalidGrant('scope', {
    presented: granted.join(' '),
    expected: allowed.join(' '),
    hint: `The client is not registered for the scope of this grant any more: ${granted.join(' ')}.`,
  });
}

type Target = Pick<ResourceServer, 'identifier' | 'scopes'>;

/** The request names resources, and words of the scope that belong to others. */
export const foreignScopeError = (named: readonly Target[], words: readonly string[]): OAuthError =>
  OAuthError.invalidTarget(
    `Scope of another resource than ${listIdentifiers(named)}: ${words.join(' ')}.`,
    { presented: words.join(' '), expected: listScopes(named) },
  );

/** No word of the scope belongs to the resource servers. */
export function noCommonScopeError(
  servers: readonly Target[],
  scope: readonly string[],
  { isResourceNamed }: { readonly isResourceNamed: boolean },
): OAuthError {
  const words = scope.join(' ');
  const description = `No word of the scope belongs to ${listIdentifiers(servers)}: ${words || 'none'}.`;
  const values = { presented: words, expected: listScopes(servers) };
  return isResourceNamed
    ? OAuthError.invalidTarget(description, values)
    : OAuthError.invalidScope(description, values);
}

const listIdentifiers = (servers: readonly Target[]): string =>
  servers.map(({ identifier }) => identifier).join(' ');

const listScopes = (servers: readonly Target[]): string =>
  servers.flatMap(({ scopes }) => scopes).join(' ');
