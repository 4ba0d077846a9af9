import { OAuthError } from '../oauth-errors/oauth-error.js';
import { SCOPE_TOKEN } from './resource-server.js';

/**
 * The words of `asked` in the order of `most`; all of `most` where nothing is asked for.
 *
 * "The requested scope MUST NOT include any scope not originally granted" (RFC 6749 §6).
 * @throws {OAuthError} `invalid_scope`
 */
export function narrow(most: readonly string[], asked: string | undefined): readonly string[] {
  if (asked === undefined) return most;
  const words = asked.split(' ');
  if (!words.every((word) => SCOPE_TOKEN.test(word))) throw OAuthError.invalidScope('malformed');
  const excess = words.filter((word) => !most.includes(word));
  if (excess.length > 0) throw OAuthError.invalidScope(`not granted: ${excess.length} scopes`);
  return most.filter((word) => words.includes(word));
}
