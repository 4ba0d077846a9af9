import { createHash, randomBytes } from 'node:crypto';
import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { SecurityEventService } from '../../platform/security-events/security-event.service.js';
import { AuthorizationCode } from '../../sessions/authorization-code.entity.js';
import { BrowserSession } from '../../sessions/browser-session.entity.js';
import { deriveSessionId, type SessionClaims } from '../../sessions/refresh-token-family.entity.js';
import { RefreshTokenRevocation } from '../../sessions/refresh-token-revocation.service.js';
import { RefreshTokenService } from '../../sessions/refresh-token.service.js';
import type { RefreshTokenClient } from '../../sessions/session-limits.js';
import { isCodeVerifierValid } from './pkce.js';

/** What a person has granted, in which session of the browser. */
export interface NewAuthorizationCode extends Pick<
  AuthorizationCode,
  | 'clientId'
  | 'redirectUri'
  | 'scope'
  | 'resources'
  | 'codeChallenge'
  | 'nonce'
  | 'claims'
  | 'dpopJkt'
> {
  readonly session: Pick<BrowserSession, 'id' | 'accountId' | 'authenticatedAt' | 'amr'>;
}

/** What comes with a code to the token endpoint. */
export interface CodePresentation {
  /** Authenticated, or public. */
  readonly clientId: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
  /** Thumbprint of the key that the client has proven to have. */
  readonly dpopJkt: string | undefined;
}

const CODE_PATTERN = /^[\w-]{43}$/;

/** Codes are 256 random bits, so a slow hash would add nothing. */
const hashCode = (code: string): string => createHash('sha256').update(code).digest('base64url');

/** Authorization codes (RFC 6749 §4.1.2): short-lived, good once, bound to who asked and to the browser session. */
@Injectable()
export class AuthorizationCodeService {
  private readonly codes: RowLookup<AuthorizationCode>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly families: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.codes = unitOfWork.lookup(AuthorizationCode);
  }

  /** Without a transaction: a code that was stored without its event is one that nobody was given. */
  async issue(grant: NewAuthorizationCode): Promise<string> {
    const code = randomBytes(32).toString('base64url');
    const { clientId, session } = grant;
    const { accountId } = session;
    await Promise.all([
      this.insert(hashCode(code), grant),
      this.events.record({ type: 'authorization_code.issued', accountId, clientId }),
    ]);
    return code;
  }

  /**
   * Finds out what a code is worth. One that was used before ends here what began with it.
   * @throws {OAuthError} `invalid_grant`
   */
  async validate(text: string, presentation: CodePresentation): Promise<AuthorizationCode> {
    const code = CODE_PATTERN.test(text) ? await this.codes.find(hashCode(text)) : undefined;
    if (!code) throw OAuthError.invalidGrant('unknown code');

    // "… ensure that the authorization code was issued to the authenticated confidential client, or … public client"
    // (RFC 6749 §4.1.3). It stays good for its owner.
    if (code.clientId !== presentation.clientId)
      throw OAuthError.invalidGrant('code of another client');

    // "The client MUST NOT use the authorization code more than once."
    if (code.usedAt) return this.rejectReused(code);
    if (code.expiresAt.getTime() <= this.clock.now()) throw OAuthError.invalidGrant('code expired');

    checkBinding(code, presentation);
    return code;
  }

  /**
   * Uses a code up for a family that begins in the same transaction. The condition is the lock: of any number of callers, on
   * all replicas, one succeeds; and none once the person has taken the consent back.
   */
  async markUsed(code: AuthorizationCode, familyId: string): Promise<boolean> {
    const now = this.clock.now();
    const { affected } = await this.unitOfWork.execute(MARK_USED, [code.hash, now, familyId]);
    if (affected === 0) return false;
    const { accountId, clientId } = code;
    const sessionId = deriveSessionId(familyId);
    await this.events.record({
      type: 'authorization_code.redeemed',
      accountId,
      clientId,
      sessionId,
    });
    return true;
  }

  /**
   * For who could not {@link markUsed} it: somebody else was quicker, or the person's session or consent is over.
   * @throws {OAuthError} `invalid_grant`, always
   */
  async rejectUnusable({ hash }: AuthorizationCode): Promise<never> {
    const code = await this.codes.find(hash);
    if (code?.usedAt) return this.rejectReused(code);
    throw OAuthError.invalidGrant(
      'the session or the consent that the code was issued for is over',
    );
  }

  /** "If an authorization code is used more than once, the authorization server … SHOULD revoke … all tokens" (§4.1.2). */
  private async rejectReused({ accountId, clientId, familyId }: AuthorizationCode): Promise<never> {
    if (familyId) await this.families.revoke({ familyId }, 'code_reuse');
    await this.events.record({ type: 'authorization_code.reused', accountId, clientId });
    throw OAuthError.invalidGrant('code used before');
  }

  private async insert(hash: string, { session, ...grant }: NewAuthorizationCode): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO authorization_code (code_hash, client_id, account_id, browser_session_id, redirect_uri, scope,
         resource, code_challenge, nonce, claims, dpop_jkt, authenticated_at, amr, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        hash,
        grant.clientId,
        session.accountId,
        session.id,
        grant.redirectUri,
        grant.scope.join(' '),
        grant.resources.join(' '),
        grant.codeChallenge,
        grant.nonce,
        grant.claims,
        grant.dpopJkt,
        session.authenticatedAt.getTime(),
        session.amr.join(' '),
        this.clock.now() + this.config.AUTHORIZATION_CODE_TTL * 1000,
      ],
    );
  }
}

const MARK_USED = `
  UPDATE authorization_code SET used_at = $2, family_id = $3
  WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 AND (
    EXISTS (SELECT 1 FROM consent
      WHERE consent.account_id = authorization_code.account_id AND consent.client_id = authorization_code.client_id)
    OR EXISTS (SELECT 1 FROM client WHERE client.id = authorization_code.client_id AND first_party = 1))`;

/** Whoever comes for the code is the one who asked for it. */
function checkBinding(code: AuthorizationCode, presentation: CodePresentation): void {
  // "… ensure that … their values are identical."
  if (code.redirectUri !== presentation.redirectUri)
    throw OAuthError.invalidGrant('another redirect URI');

  if (!isCodeVerifierValid(presentation.verifier, code.codeChallenge))
    throw OAuthError.invalidGrant('PKCE');

  // "… verifies that it matches the dpop_jkt parameter value in the authorization request" (RFC 9449 §10).
  if (code.dpopJkt !== null && code.dpopJkt !== presentation.dpopJkt)
    throw OAuthError.invalidGrant('code for another key');
}

/** What a code became. */
export interface ExchangedCode {
  readonly session: SessionClaims;
  /** The first refresh token of the family. */
  readonly token: string;
}

/** A code becomes a session at the client, once. */
@Injectable()
export class AuthorizationCodeExchange {
  private readonly browserSessions: RowLookup<BrowserSession>;

  constructor(
    private readonly codes: AuthorizationCodeService,
    private readonly accounts: AccountRepository,
    private readonly refreshTokens: RefreshTokenService,
    unitOfWork: UnitOfWork,
  ) {
    this.browserSessions = unitOfWork.lookup(BrowserSession);
  }

  /**
   * The code is spent in the transaction that begins the family: a crash leaves both or neither.
   * @param code presented by this client, and found good
   * @param refreshKey thumbprint of the key that the refresh tokens are bound to
   * @throws {OAuthError} `invalid_grant` where it was spent meanwhile, or the person's session ended
   */
  async exchange(
    code: AuthorizationCode,
    client: RefreshTokenClient,
    refreshKey: string | undefined,
  ): Promise<ExchangedCode> {
    const { accountId, browserSessionId, authenticatedAt: at, amr } = code;
    const [account, browser] = await Promise.all([
      this.accounts.find(accountId),
      this.browserSessions.find(browserSessionId),
    ]);
    if (!account || !browser) return this.codes.rejectUnusable(code);

    const { userAgent, origin } = browser;
    const begun = await this.refreshTokens.create({
      account,
      client,
      scope: code.scope,
      resources: code.resources,
      device: { userAgent, origin },
      authentication: { at, amr, browserSessionId },
      claims: code.claims,
      dpopJkt: refreshKey,
      consume: (familyId) => this.codes.markUsed(code, familyId),
    });
    return begun ?? this.codes.rejectUnusable(code);
  }
}
