import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import type { TokenResponse } from '../oauth/token/token.schema.js';

/** A refresh token that a device of the first-party client sent. */
export interface PresentedRefreshToken {
  readonly text: string;
  readonly isFromCookie: boolean;
}

/**
 * Keeps the refresh token of a browser in a cookie that scripts cannot read. Over https the name begins with `__Host-`, so that
 * another host of the domain cannot set the cookie (RFC 6265bis §4.1.3).
 */
@Injectable()
export class RefreshCookie {
  private readonly name: string;
  private readonly origin: string;
  private readonly attributes;

  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {
    const secure = config.ISSUER.startsWith('https:');
    this.name = secure ? '__Host-refresh-token' : 'refresh-token';
    this.origin = new URL(config.ISSUER).origin;
    this.attributes = { httpOnly: true, secure, sameSite: 'strict', path: '/' } as const;
  }

  /** Moves the refresh token from the body of the response to the cookie. */
  moveToCookie(
    reply: FastifyReply,
    { refresh_token: token = '', ...rest }: TokenResponse,
  ): TokenResponse {
    const maxAge = this.config.REFRESH_IDLE_TTL;
    this.set(reply, token, maxAge);
    return rest;
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }

  private set(reply: FastifyReply, value: string, maxAge: number): void {
    const cookie = { ...this.attributes, name: this.name, value, maxAge };
    void reply.header('set-cookie', stringifySetCookie(cookie));
  }

  /**
   * @param inBody `refresh_token` of the body
   * @throws {OAuthError} `invalid_request`
   */
  read(request: FastifyRequest, inBody: string | undefined): PresentedRefreshToken {
    const inCookie = parseCookie(request.headers.cookie ?? '')[this.name];
    if (inBody !== undefined) return { text: inBody, isFromCookie: false };
    if (inCookie === undefined) throw OAuthError.invalidRequest('refresh_token is missing.');
    this.checkOrigin(request);
    return { text: inCookie, isFromCookie: true };
  }

  /** The browser sends the cookie with requests of any page. `SameSite` stops other sites; this check stops sibling hosts. */
  private checkOrigin({ headers }: FastifyRequest): void {
    const { origin, 'sec-fetch-site': site } = headers;
    const isOurs =
      origin === undefined ? site === undefined || site === 'same-origin' : origin === this.origin;
    if (!isOurs) throw OAuthError.invalidRequest('The cookie is for pages of this server only.');
  }
}
