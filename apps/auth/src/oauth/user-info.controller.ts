import { AccessToken, BearerError, BearerErrorFilter, RequireScopes } from '@gatehouse/guards';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  UseFilters,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { toDescription } from '../platform/oauth-error.js';
import { type UserInfoResponse, userInfoResponse, UserInfoService } from './user-info.service.js';

/** What the caller learns of a refused token. It has the token, so it can read these facts there, except the end of the session. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  no_token: 'The Authorization header has no access token',
  expired: 'The access token has expired',
  revoked: 'The session of the access token has ended',
  malformed_token: 'The access token is no JWT of this server',
  bound_token: 'The access token is bound to a key: send it with the scheme DPoP and a proof',
  wrong_audience: 'The access token is for another resource server',
  wrong_type: 'The token is no access token',
  insufficient_scope: 'The access token lacks the scope openid',
};
/** The causes of these name the values that differ. */
const REASONS_WITH_VALUES: readonly string[] = [
  'wrong_audience',
  'wrong_type',
  'insufficient_scope',
];

function describe({ reason, cause }: BearerError): string | undefined {
  const values =
    REASONS_WITH_VALUES.includes(reason) && cause instanceof Error ? cause.message : '';
  const description = DESCRIPTIONS[reason];
  return description && toDescription(values ? `${description}: ${values}` : description);
}

/** Refuses in the form of OAuth (RFC 6750 §3, RFC 6749 §5.2), because client libraries show the body and not the challenge. */
@Catch(BearerError)
export class UserInfoErrorFilter extends BearerErrorFilter {
  override catch(error: BearerError, host: ArgumentsHost): unknown {
    const error_description = describe(error);
    // RFC 6750 §3.1: the challenge to a request without credentials has no error.
    if (error.challenge?.['error'] !== undefined && error_description !== undefined)
      Object.assign(error, { challenge: { ...error.challenge, error_description } });
    return super.catch(error, host);
  }

  protected override send(
    error: BearerError,
    host: ArgumentsHost,
    challenge: string | undefined,
  ): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply
      .headers({ 'cache-control': 'no-store', ...error.headers })
      .headers(challenge === undefined ? {} : { 'www-authenticate': challenge })
      .status(error.getStatus())
      .send(toBody(error));
  }
}

const UNAVAILABLE = {
  error: 'temporarily_unavailable',
  error_description: 'The server cannot check the access token now',
};

function toBody(refusal: BearerError) {
  if (refusal.challenge === undefined) return UNAVAILABLE;
  const { error = 'invalid_token', error_description = describe(refusal) } = refusal.challenge;
  return { error, error_description };
}

/** The UserInfo endpoint (OpenID Connect Core §5.3). GET and POST both take the access token from the header. */
@ApiTags('userinfo')
@Controller('userinfo')
@UseFilters(UserInfoErrorFilter)
@RequireScopes('openid')
export class UserInfoController {
  constructor(private readonly userInfo: UserInfoService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Returns the claims about the user of the access token' })
  @ApiOkResponse({ standardSchema: userInfoResponse })
  tell(@AccessToken() token: AccessToken): Promise<UserInfoResponse> {
    return this.userInfo.getClaims(token);
  }

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The same (OpenID Connect Core §5.3.1)' })
  @ApiOkResponse({ standardSchema: userInfoResponse })
  tellByPost(@AccessToken() token: AccessToken): Promise<UserInfoResponse> {
    return this.userInfo.getClaims(token);
  }
}
