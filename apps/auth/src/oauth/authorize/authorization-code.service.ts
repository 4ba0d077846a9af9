import { createHash } from 'node:crypto';
import { Clock, type RequestArrival } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { SecurityEventService } from '../../platform/security-events/security-event.service.js';
import type { AuthorizationCode } from '../../sessions/authorization-code.entity.js';
import {
  AuthorizationCodeRepository,
  type ClaimedAccount,
  type NewAuthorizationCode,
} from '../../sessions/authorization-code.repository.js';
import type { SessionClaims } from '../../sessions/refresh-token-family.entity.js';
import { RefreshTokenRevocation } from '../../sessions/refresh-token-revocation.service.js';
import type { RefreshTokenClient } from '../../sessions/refresh-token-limits.js';
import { type CodeClaim, RefreshTokenService } from '../../sessions/refresh-token.service.js';
import { isCodeVerifierValid } from './pkce.js';

/** The values that a client sends with a code to the token endpoint. */
export interface CodePresentation {
  /** The authenticated client, or a public client. */
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
  /** Thumbprint of the key in the client's DPoP proof. */
  readonly dpopJkt: string | undefined;
  readonly arrival: RequestArrival;
}

const CODE_PATTERN = /^[\w-]{43}$/;

/** A fast hash is enough, because a code contains 160 random bits. */
const hashCode = (code: string): string => createHash('sha256').update(code).digest('base64url');

/**
 * Authorization codes (RFC 6749 §4.1.2). A code expires soon, works once, and is bound to the client, the redirect URI and
 * the browser session.
 */
@Injectable()
export class AuthorizationCodeService {
  constructor(
    private readonly codes: AuthorizationCodeRepository,
    private readonly clock: Clock,
    private readonly revocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async issue(grant: NewAuthorizationCode): Promise<string> {
    const code = this.codes.createCode();
    const { clientId, session } = grant;
    const event = {
      type: 'authorization_code.issued',
      accountId: session.accountId,
      clientId,
    } as const;
    const expiresAt = this.clock.now() + this.config.AUTHORIZATION_CODE_TTL * 1000;
    await this.events.recordWith(this.codes.buildInsert(grant, hashCode(code), expiresAt), event);
    return code;
  }

  /**
   * Validates a code. If it was used before, and the presentation fits, revokes the refresh token family that it created.
   * @throws {OAuthError} `invalid_grant`; `invalid_request` if the redirect URI is missing
   */
  async validate(text: string, presentation: CodePresentation): Promise<AuthorizationCode> {
    const code = CODE_PATTERN.test(text) ? await this.codes.find(hashCode(text)) : undefined;
    if (!code) throw OAuthError.invalidCode('unknown code');

    // "… ensure that the authorization code was issued to the authenticated confidential client, or … public client"
    // (RFC 6749 §4.1.3). The code remains valid for the client that owns it.
    if (code.clientId !== presentation.clientId)
      throw OAuthError.invalidCode('code of another client');

    // The binding comes before the reuse: an attacker who knows a used code from a log or from the browser history, and nothing
    // else, must not be able to revoke the user's session.
    checkBinding(code, presentation);

    // "The client MUST NOT use the authorization code more than once."
    if (code.usedAt) return this.rejectReused(code);
    // A wait inside the server does not make a code expire that was valid when the request arrived.
    if (code.expiresAt.getTime() <= presentation.arrival.latest)
      throw OAuthError.invalidGrant('code expired', { hint: 'The code has expired.' });
    return code;
  }

  /** Uses the code for a new family, in the transaction that creates the family. */
  buildClaim(code: AuthorizationCode, arrival: RequestArrival): CodeClaim {
    const { accountId, clientId } = code;
    const buildUse = (familyId: string) => ({
      familyId,
      arrivedAt: arrival.latest,
      now: this.clock.now(),
    });
    return {
      buildStatements: (familyId) => this.codes.buildClaim(code, buildUse(familyId)),
      buildDecision: (creation, { familyId, limit }) =>
        this.codes.buildDecision(code, { ...buildUse(familyId), limit }, creation),
      prepareEvent: (sessionId) =>
        this.events.prepare({
          type: 'authorization_code.redeemed',
          accountId,
          clientId,
          sessionId,
        }),
    };
  }

  /**
   * Rejects a code that could not be claimed, because another request used it first, or because the session or the consent
   * of the user ended.
   * @throws {OAuthError} `invalid_grant`, always
   */
  async rejectUnclaimed({ hash }: AuthorizationCode): Promise<never> {
    const code = await this.codes.find(hash);
    if (code?.usedAt) return this.rejectReused(code);
    throw OAuthError.invalidCode('the session or the consent of the code ended');
  }

  /** "If an authorization code is used more than once, the authorization server … SHOULD revoke … all tokens" (§4.1.2). */
  private async rejectReused({ accountId, clientId, familyId }: AuthorizationCode): Promise<never> {
    if (familyId) await this.revocation.revokeFamily(familyId, 'code_reuse');
    await this.events.record({ type: 'authorization_code.reused', accountId, clientId });
    throw OAuthError.invalidCode('code used before');
  }
}

/** Checks that the client that presents the code is the client instance that sent the authorization request. */
function checkBinding(code: AuthorizationCode, presentation: CodePresentation): void {
  checkRedirectUri(code, presentation.redirectUri);

  if (!isCodeVerifierValid(presentation.verifier, code.codeChallenge))
    throw verifierError(presentation.verifier, code);

  // "… verifies that it matches the dpop_jkt parameter value in the authorization request" (RFC 9449 §10).
  if (code.dpopJkt !== null && code.dpopJkt !== presentation.dpopJkt)
    throw OAuthError.invalidGrant('code for another key', {
      presented: presentation.dpopJkt ?? 'no DPoP proof',
      expected: code.dpopJkt,
      hint: 'The DPoP proof is not by the key of dpop_jkt.',
    });
}

/**
 * "… ensure that … their values are identical" (RFC 6749 §4.1.3). OAuth 2.1 §10.2 dropped the parameter, because PKCE protects
 * the code better: a request without it is accepted if the code has a challenge.
 */
function checkRedirectUri(code: AuthorizationCode, presented: string | undefined): void {
  if (presented === undefined && code.codeChallenge !== null) return;
  if (presented === undefined) throw OAuthError.invalidRequest('redirect_uri is missing.');
  if (presented === code.redirectUri) return;
  const hint = 'redirect_uri differs from the one of the authorization request.';
  throw OAuthError.invalidGrant('redirect_uri', { presented, expected: code.redirectUri, hint });
}

function verifierError(
  verifier: string | undefined,
  { codeChallenge }: AuthorizationCode,
): OAuthError {
  const mismatch =
    codeChallenge === null
      ? 'code_verifier came for an authorization request without code_challenge.'
      : 'code_verifier does not match code_challenge.';
  const hint = verifier === undefined ? 'code_verifier is missing.' : mismatch;
  return OAuthError.invalidGrant('code_verifier', { hint });
}

/** The session that a code was exchanged for. */
export interface ExchangedCode {
  readonly session: SessionClaims;
  /** The first refresh token of the family. */
  readonly token: string;
  /** As it was when the code was claimed. */
  readonly account: ClaimedAccount;
}

export interface ExchangeRequest {
  readonly arrival: RequestArrival;
  /** Thumbprint of the key that the refresh tokens are bound to. */
  readonly refreshKey: string | undefined;
}

/** Exchanges a valid code for a new session of the client. */
@Injectable()
export class AuthorizationCodeExchange {
  constructor(
    private readonly codes: AuthorizationCodeService,
    private readonly refreshTokens: RefreshTokenService,
  ) {}

  /**
   * Claims the code in the transaction that creates the family, so that a crash leaves both or neither.
   * @param code a code that {@link AuthorizationCodeService.validate} returned for this client
   * @throws {OAuthError} `invalid_grant` if the code was used meanwhile, or the user's session ended
   */
  async exchange(
    code: AuthorizationCode,
    client: RefreshTokenClient,
    { arrival, refreshKey }: ExchangeRequest,
  ): Promise<ExchangedCode> {
    const { accountId, browserSessionId, authenticatedAt: at, amr } = code;
    const grant = {
      accountId,
      client,
      scope: code.scope,
      resources: code.resources,
      authentication: { at, amr, browserSessionId },
      claims: code.claims,
      dpopJkt: refreshKey,
      arrival,
    };
    const claim = this.codes.buildClaim(code, arrival);
    const created = await this.refreshTokens.createByCode(grant, claim);
    return created ?? this.codes.rejectUnclaimed(code);
  }
}
