import { Inject, Injectable, Logger } from '@nestjs/common';
import * as oauth from 'openid-client';
import { GrantRejected } from '../authorization-server/authorization-errors.js';
import { AuthorizationServerClient } from '../authorization-server/authorization-server.client.js';
import { SessionService } from '../sessions/session.service.js';
import { getRequestedScopes } from '../tokens/access-plan.js';
import { toSessionKey } from '../sessions/session-cookie.js';
import { SignOutService } from '../sign-out/sign-out.service.js';
import { TokenService } from '../tokens/token.service.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import type { SignInAttempt } from './sign-in-attempts.js';

type NewAttempt = Omit<SignInAttempt, 'startedAt'>;

/** The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636), on the server. */
@Injectable()
export class SignInService {
  private readonly log = new Logger('SignIn');

  constructor(
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly sessions: SessionService,
    private readonly tokens: TokenService,
    private readonly signOuts: SignOutService,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /** @throws {UpstreamUnavailable} */
  async begin(options: Pick<NewAttempt, 'maxAge' | 'returnTo' | 'replaced'>) {
    const attempt: NewAttempt = {
      ...options,
      state: oauth.randomState(),
      nonce: oauth.randomNonce(),
      verifier: oauth.randomPKCECodeVerifier(),
    };
    const scopes = getRequestedScopes(this.config);
    return { attempt, url: await this.authorizationServer.createAuthorizationUrl(attempt, scopes) };
  }

  /**
   * @param query of the redirect back
   * @returns the secret of the new session
   * @throws {UpstreamUnavailable} {GrantRejected}
   */
  async complete(query: string, attempt: SignInAttempt): Promise<string> {
    const response = await this.authorizationServer.exchangeCode(query, attempt);
    const claims = response.claims();
    const { refresh_token: refreshToken } = response;
    const sid = claims?.['sid'];
    if (!claims || refreshToken === undefined || typeof sid !== 'string') {
      this.log.error(
        `${this.config.CLIENT_ID} gets no refresh token or no sid: register it with the grant refresh_token and without offline_access`,
      );
      throw new GrantRejected('no_session');
    }
    const { name, email } = claims;
    const content = await this.tokens.completeTokens({
      refreshToken,
      accessTokens: {},
      ...(typeof name === 'string' && { name }),
      ...(typeof email === 'string' && { email }),
    });
    const secret = await this.sessions.create({ sub: claims.sub, sid }, content);
    await this.endReplaced(attempt);
    return secret;
  }

  /** The browser has one session in this tool, so the one before this sign-in ends. */
  private async endReplaced({ replaced }: SignInAttempt): Promise<void> {
    const session = replaced && (await this.sessions.load(toSessionKey(replaced)));
    if (session) await this.signOuts.end(session, 'session');
  }
}
