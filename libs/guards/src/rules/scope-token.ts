/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** @throws TypeError naming the first that is no scope token */
export function requireScopeTokens(scopes: readonly string[]): void {
  if (scopes.length === 0) throw new TypeError('Name at least one scope');
  const malformed = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (malformed !== undefined) throw new TypeError(`"${malformed}" is not a scope (RFC 6749 §3.3)`);
}
