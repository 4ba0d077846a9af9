import { Public } from '@gatehouse/guards';
import { createCookieBase, getArrival } from '@gatehouse/service-kit';
import {
  Body,
  Controller,
  Header,
  Headers,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Registration, registration } from '../accounts/credentials.service.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import { LoginQuotaGuard } from '../accounts/login-quota.guard.js';
import { RegistrationGuard } from '../accounts/registration.guard.js';
import { RegistrationService } from '../accounts/registration.service.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientRateLimiter } from '../clients/client-authentication.guard.js';
import { FirstPartyClient } from '../clients/first-party-client.js';
import { RefreshTokenGrant } from '../oauth/token/refresh-token.grant.js';
import { type TokenResponse, tokenResponse } from '../oauth/token/token.schema.js';
import { OAuthError } from '../platform/oauth-error.js';
import { enforceQuota } from '../platform/rate-limit.service.js';
import { describeDevice } from '../platform/network.js';
import { AcceptsFrom, RequestOriginService } from '../platform/request-source.guard.js';
import { selectTexts } from '../pages/texts/language.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import {
  type LoginParameters,
  loginParameters,
  LoginService,
  type LogoutParameters,
  logoutParameters,
  type RefreshParameters,
  refreshParameters,
} from './login.service.js';

/** A refresh token that a device of the first-party client sent. */
export interface PresentedRefreshToken {
  readonly text: string;
  readonly isFromCookie: boolean;
}

/** Keeps the refresh token of a browser in a cookie that scripts cannot read. */
@Injectable()
export class RefreshCookie {
  private readonly attributes;

  constructor(
    private readonly origins: RequestOriginService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    const base = createCookieBase(config.ISSUER, 'refresh-token');
    this.attributes = { ...base, sameSite: 'strict' } as const;
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
    const cookie = { ...this.attributes, value, maxAge };
    void reply.header('set-cookie', stringifySetCookie(cookie));
  }

  /**
   * @param inBody `refresh_token` of the body
   * @throws {OAuthError} `invalid_request`
   */
  read(request: FastifyRequest, inBody: string | undefined): PresentedRefreshToken {
    const inCookie = parseCookie(request.headers.cookie ?? '')[this.attributes.name];
    if (inBody !== undefined) return { text: inBody, isFromCookie: false };
    if (inCookie === undefined) throw OAuthError.invalidRequest('refresh_token is missing.');
    // `SameSite` stops other sites; this check stops sibling hosts.
    const foreign = this.origins.find(request);
    if (foreign) throw OAuthError.invalidRequest(this.origins.describeRefusedRequest(foreign));
    return { text: inCookie, isFromCookie: true };
  }
}

/** Login of the first-party client. Browsers get the refresh token in a cookie, other devices in the body. */
@ApiTags('first-party login')
@Controller('auth')
@AcceptsFrom('OAuth callers')
@Public()
export class LoginController {
  constructor(
    private readonly loginService: LoginService,
    private readonly knownDeviceCookie: KnownDeviceCookie,
    private readonly refreshCookie: RefreshCookie,
  ) {}

  @Post('login')
  @HttpCode(200)
  @UseGuards(LoginQuotaGuard)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Creates a session with e-mail address and password' })
  @ApiOkResponse({ standardSchema: tokenResponse })
  async login(
    @Body({ schema: loginParameters }) parameters: LoginParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenResponse> {
    const { headers, ip } = request;
    const device = describeDevice({ userAgent: headers['user-agent'], ip });
    const origin = this.knownDeviceCookie.readOrigin({ ip, cookie: headers.cookie });
    const tokens = await this.loginService.login(parameters, {
      device,
      origin,
      arrival: getArrival(request),
    });
    const response = parameters.cookie ? this.refreshCookie.moveToCookie(reply, tokens) : tokens;
    void reply.header('set-cookie', this.knownDeviceCookie.write(headers.cookie, parameters.email));
    return response;
  }
}

/** Refresh and logout of the first-party client. Browsers send the refresh token in a cookie, other devices in the body. */
@ApiTags('first-party login')
@Controller('auth')
@AcceptsFrom('OAuth callers')
@Public()
export class RefreshController {
  constructor(
    private readonly refreshTokenGrant: RefreshTokenGrant,
    private readonly refreshTokens: RefreshTokenService,
    private readonly firstPartyClient: FirstPartyClient,
    private readonly refreshCookie: RefreshCookie,
    private readonly rateLimiter: ClientRateLimiter,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Exchanges the refresh token of the body or cookie for the next token pair',
  })
  @ApiOkResponse({ standardSchema: tokenResponse })
  async refresh(
    @Body({ schema: refreshParameters }) { refresh_token, ...options }: RefreshParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenResponse> {
    const { text, isFromCookie } = this.refreshCookie.read(request, refresh_token);
    enforceQuota(reply, await this.rateLimiter.consumePublic(request, text));
    const response = await this.refreshTokenGrant.exchange({
      client: this.firstPartyClient.client,
      parameters: { ...options, grant_type: 'refresh_token', refresh_token: text },
      arrival: getArrival(request),
    });
    return isFromCookie ? this.refreshCookie.moveToCookie(reply, response) : response;
  }

  @Post('logout')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends the session of the refresh token of the body or cookie' })
  async logout(
    @Body({ schema: logoutParameters }) { refresh_token }: LogoutParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { text, isFromCookie } = this.refreshCookie.read(request, refresh_token);
    enforceQuota(reply, await this.rateLimiter.consumePublic(request, text));
    await this.refreshTokens.revoke(text, this.firstPartyClient.client.id);
    if (isFromCookie) this.refreshCookie.clear(reply);
  }
}

export const registeredResponse = z.object({
  email: z.string(),
  verification: z.string().describe('Confirms the e-mail together with the code of the mail'),
});
export type RegisteredResponse = z.infer<typeof registeredResponse>;

@ApiTags('first-party login')
@Controller('auth')
@AcceptsFrom('OAuth callers')
@UseGuards(RegistrationGuard)
@Public()
export class RegistrationController {
  constructor(private readonly registrations: RegistrationService) {}

  @Post('register')
  @HttpCode(201)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary:
      'Creates an account, and mails a code. The answer is the same if the address has an account',
  })
  @ApiCreatedResponse({ standardSchema: registeredResponse })
  async register(
    @Body({ schema: registration }) body: Registration,
    @Headers('accept-language') languages: string | undefined,
  ): Promise<RegisteredResponse> {
    const { language } = selectTexts(undefined, languages);
    const verification = await this.registrations.register(body, language);
    return { email: body.email, verification };
  }
}
