import { OAuthError } from './oauth-error.js';

/**
 * "The parameters … MUST NOT be included in the request URI" (RFC 6749 §2.3.1): URLs end up in logs.
 * @throws {OAuthError} `invalid_request`
 */
export function refuseQuery(url: string): void {
  if (url.includes('?')) throw OAuthError.invalidRequest('Parameters belong in the body.');
}
