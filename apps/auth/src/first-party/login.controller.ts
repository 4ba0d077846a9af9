import { Public } from '@gatehouse/guards';
import { Body, Controller, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimited } from '../platform/rate-limit.service.js';
import { type TokenResponse, tokenResponse } from '../oauth/token/token.schema.js';
import { describeDevice } from '../platform/network.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import { JsonOnlyGuard } from './json-only.guard.js';
import { type LoginParameters, loginParameters } from './login.schema.js';
import { LoginService } from './login.service.js';
import { RefreshCookie } from './refresh-cookie.js';

/** Login of the first-party client. Browsers get the refresh token in a cookie, other devices in the body. */
@ApiTags('first-party login')
@Controller('auth')
@UseGuards(JsonOnlyGuard)
@Public()
export class LoginController {
  constructor(
    private readonly loginService: LoginService,
    private readonly knownDeviceCookie: KnownDeviceCookie,
    private readonly refreshCookie: RefreshCookie,
  ) {}

  @Post('login')
  @HttpCode(200)
  @RateLimited('login')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Begins a session with e-mail and password' })
  @ApiOkResponse({ standardSchema: tokenResponse })
  async login(
    @Body({ schema: loginParameters }) parameters: LoginParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenResponse> {
    const { headers, ip } = request;
    const device = describeDevice({ userAgent: headers['user-agent'], ip });
    const origin = this.knownDeviceCookie.readOrigin({ ip, cookie: headers.cookie });
    const tokens = await this.loginService.login(parameters, { device, origin });
    const response = parameters.cookie ? this.refreshCookie.moveToCookie(reply, tokens) : tokens;
    void reply.header('set-cookie', this.knownDeviceCookie.write(headers.cookie, parameters.email));
    return response;
  }
}
