import { createHash, timingSafeEqual } from 'node:crypto';
import { OAuthError } from '../../platform/oauth-error.js';

/** BASE64URL of a SHA-256 (RFC 7636 §4.2). */
const CODE_CHALLENGE = /^[\w-]{43}$/;
/** RFC 7636 §4.1. */
export const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Reads the challenge of an authorization request. Only `S256` is accepted: `plain`, which is also the default method
 * (RFC 7636 §4.3), does not protect against an attacker who sees the request (RFC 9700 §2.1.1).
 *
 * @param isRequired whether the client must send a challenge
 * @throws {OAuthError} `invalid_request`
 */
export function parseCodeChallenge(
  sent: {
    readonly code_challenge?: string | undefined;
    readonly code_challenge_method?: string | undefined;
  },
  isRequired: boolean,
): string | undefined {
  const { code_challenge: challenge, code_challenge_method: method } = sent;
  if (challenge === undefined && method === undefined && !isRequired) return undefined;
  if (challenge === undefined) throw OAuthError.invalidRequest('code_challenge is missing.');
  if (method !== 'S256') {
    const presented = method ?? 'absent';
    throw OAuthError.invalidRequest('code_challenge_method must be S256.', { presented });
  }
  if (!CODE_CHALLENGE.test(challenge))
    throw OAuthError.invalidRequest('code_challenge must have 43 characters of base64url.');
  return challenge;
}

/**
 * Checks that the client that redeems the code sent the authorization request (RFC 7636 §4.6). A verifier without a challenge is
 * invalid, because an attacker may have removed the challenge from the request (RFC 9700 §4.8.2).
 */
export function isCodeVerifierValid(
  verifier: string | undefined,
  challenge: string | null,
): boolean {
  if (verifier === undefined || challenge === null)
    return verifier === undefined && challenge === null;
  const transformed = createHash('sha256').update(verifier).digest('base64url');
  return timingSafeEqual(Buffer.from(transformed), Buffer.from(challenge));
}
