import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { AuthorizationServerClient } from '../authorization-server/authorization-server.client.js';
import type { LogoutToken } from './ended-session.repository.js';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

/** A logout token fails a check. The message is for the authorization server and for the log. */
export class LogoutTokenRejected extends Error {
  override readonly name = 'LogoutTokenRejected';
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const ALGORITHMS = ['ES256', 'RS256'];
/** A token is made when it is sent, and is valid for two minutes. */
const MAX_AGE_SECONDS = 300;
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_LENGTH = 8_000;

/** In milliseconds. A token with an unknown key causes one request in `cooldownDuration` at most. */
const KEY_SET_LIMITS = { timeoutDuration: 4_000, cooldownDuration: 5_000, cacheMaxAge: 300_000 };

const text = z.string().min(1).max(255);
/** `sid` is required, because this client ends one session and never all of a user (`backchannel_logout_session_required`). */
const logoutClaims = z.object({
  jti: text,
  sid: text,
  events: z.looseObject({ [EVENT]: z.looseObject({}) }),
  nonce: z.never('must not be there: it is an ID token').optional(),
});

/** Verifies logout tokens (OpenID Connect Back-Channel Logout §2.6). */
@Injectable()
export class LogoutTokenVerifier {
  private keySet: Promise<JWTVerifyGetKey> | undefined;

  constructor(
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly clock: Clock,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /**
   * Does not check whether the token was used before.
   *
   * @throws {LogoutTokenRejected} {UpstreamUnavailable} when the key cannot be found now, because it can be newer than our copy
   */
  async verify(logoutToken: unknown): Promise<LogoutToken> {
    if (typeof logoutToken !== 'string' || logoutToken.length > MAX_LENGTH)
      throw new LogoutTokenRejected('logout_token must be one JWT');
    const { data, error } = logoutClaims.safeParse(await this.verifyJwt(logoutToken));
    if (!error) return data;
    const [issue] = error.issues;
    throw new LogoutTokenRejected(`claim ${issue?.path.join(' ')}: ${issue?.message}`);
  }

  private async verifyJwt(jwt: string): Promise<unknown> {
    try {
      const { payload } = await jwtVerify(jwt, (...header) => this.findKey(...header), {
        algorithms: ALGORITHMS,
        typ: 'logout+jwt',
        issuer: this.config.AUTH_ISSUER,
        audience: this.config.CLIENT_ID,
        requiredClaims: ['iat', 'exp'],
        maxTokenAge: MAX_AGE_SECONDS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new LogoutTokenRejected(error.message);
      throw error;
    }
  }

  private async findKey(...token: Parameters<JWTVerifyGetKey>) {
    this.keySet ??= this.loadKeySet().catch((error: unknown) => {
      this.keySet = undefined;
      throw error;
    });
    const findKey = await this.keySet;
    return Promise.resolve(findKey(...token)).catch((error: unknown) => {
      throw new UpstreamUnavailable('auth', error);
    });
  }

  private async loadKeySet(): Promise<JWTVerifyGetKey> {
    return createRemoteJWKSet(await this.authorizationServer.findKeySetUrl(), KEY_SET_LIMITS);
  }
}
