import { Public } from '@gatehouse/guards';
import { Body, Controller, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FirstPartyClient } from '../clients/first-party-client.js';
import { RateLimited } from '../platform/rate-limit.service.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import { RefreshTokenGrant } from '../oauth/token/refresh-token.grant.js';
import { type TokenResponse, tokenResponse } from '../oauth/token/token.schema.js';
import { JsonOnlyGuard } from './json-only.guard.js';
import {
  type LogoutParameters,
  logoutParameters,
  type RefreshParameters,
  refreshParameters,
} from './login.schema.js';
import { RefreshCookie } from './refresh-cookie.js';

/** Refresh and logout of the first-party client. Browsers send the refresh token in a cookie, other devices in the body. */
@ApiTags('first-party login')
@Controller('auth')
@UseGuards(JsonOnlyGuard)
@RateLimited('token')
@Public()
export class RefreshController {
  constructor(
    private readonly refreshTokenGrant: RefreshTokenGrant,
    private readonly refreshTokens: RefreshTokenService,
    private readonly firstPartyClient: FirstPartyClient,
    private readonly refreshCookie: RefreshCookie,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Exchanges a refresh token, from body or cookie, for the next pair' })
  @ApiOkResponse({ standardSchema: tokenResponse })
  async refresh(
    @Body({ schema: refreshParameters }) { refresh_token, ...options }: RefreshParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenResponse> {
    const { text, isFromCookie } = this.refreshCookie.read(request, refresh_token);
    const response = await this.refreshTokenGrant.exchange({
      client: this.firstPartyClient.client,
      parameters: { ...options, grant_type: 'refresh_token', refresh_token: text },
    });
    return isFromCookie ? this.refreshCookie.moveToCookie(reply, response) : response;
  }

  @Post('logout')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends the session of a refresh token, from body or cookie' })
  async logout(
    @Body({ schema: logoutParameters }) { refresh_token }: LogoutParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { text, isFromCookie } = this.refreshCookie.read(request, refresh_token);
    await this.refreshTokens.revoke(text, this.firstPartyClient.client.id);
    if (isFromCookie) this.refreshCookie.clear(reply);
  }
}
