import { createHash, timingSafeEqual } from 'node:crypto';
import type { Client } from '../../clients/client.entity.js';
import { OAuthError } from '../../platform/oauth-error.js';

/** BASE64URL of a SHA-256 (RFC 7636 §4.2). */
const CODE_CHALLENGE = /^[\w-]{43}$/;
/** RFC 7636 §4.1. */
export const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/**
 * Reads the challenge of an authorization request. Only `S256` is accepted: `plain`, which is also the default method
 * (RFC 7636 §4.3), does not protect against an attacker who sees the request (RFC 9700 §2.1.1).
 *
 * @throws {OAuthError} `invalid_request`
 */
export function parseCodeChallenge(sent: {
  readonly code_challenge?: string | undefined;
  readonly code_challenge_method?: string | undefined;
}): string | undefined {
  const { code_challenge: challenge, code_challenge_method: method } = sent;
  if (challenge === undefined && method === undefined) return undefined;
  if (challenge === undefined)
    throw OAuthError.invalidRequest('code_challenge is missing beside code_challenge_method.');
  if (method === undefined) {
    const reason = 'without it, the method is plain (RFC 7636 4.3), which is refused.';
    throw OAuthError.invalidRequest(`code_challenge_method is missing: send S256; ${reason}`);
  }
  if (method !== 'S256') {
    const description = `code_challenge_method must be S256, and is ${method.slice(0, 20)}.`;
    throw OAuthError.invalidRequest(description, { presented: method });
  }
  if (!CODE_CHALLENGE.test(challenge))
    throw OAuthError.invalidRequest('code_challenge must have 43 characters of base64url.');
  return challenge;
}

/** The values of a request, or of its code, with which an injected code is detected (RFC 9700 §4.5.3). */
interface InjectionProtection {
  readonly codeChallenge: string | null | undefined;
  /** The client compares it with the `nonce` of the ID token. */
  readonly nonce: string | null | undefined;
  /** Without `openid` the client gets no ID token. */
  readonly scope: readonly string[];
}

/** Blanks are a mistake of the client. The length of other values shows nothing about their randomness (decision 28). */
const hasNonce = ({ nonce }: InjectionProtection): boolean => Boolean(nonce?.trim());

function isProtected({ pkce }: Client, request: InjectionProtection): boolean {
  if (typeof request.codeChallenge === 'string' || pkce === 'never-required') return true;
  return pkce === 'or-nonce' && hasNonce(request) && request.scope.includes('openid');
}

/**
 * "… using code_challenge and code_verifier is REQUIRED …, unless … the client is a confidential client [and] implements the
 * OpenID Connect nonce mechanism" (OAuth 2.1 §7.5.1).
 *
 * @throws {OAuthError} `invalid_request` with the ways out
 */
export function requireInjectionProtection(client: Client, request: InjectionProtection): void {
  if (isProtected(client, request)) return;
  const missing = 'code_challenge is missing: send PKCE with the method S256';
  throw OAuthError.invalidRequest(`${missing}${describeAlternative(client, request)}`);
}

/**
 * The same for a code, because the operator may have changed the client since its authorization.
 * @throws {OAuthError} `invalid_grant`
 */
export function requireProtectedCode(client: Client, code: InjectionProtection): void {
  if (isProtected(client, code)) return;
  const hint = 'The code was issued without code_challenge, and this client needs one now.';
  throw OAuthError.invalidGrant('code_challenge', { hint });
}

/** Continues the sentence of {@link requireInjectionProtection}. */
function describeAlternative(client: Client, request: InjectionProtection): string {
  if (client.isPublic) return '. A public client always needs it.';
  if (client.pkce === 'always')
    return `. The operator can allow a nonce instead: clients update ${client.id} --pkce or-nonce`;
  const missing = [
    ...(request.scope.includes('openid') ? [] : ['openid']),
    ...(hasNonce(request) ? [] : ['nonce']),
  ];
  const state = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing`;
  return `, or the scope openid with a nonce (${state}). If the library can send neither, see --pkce in docs/clients.md.`;
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
