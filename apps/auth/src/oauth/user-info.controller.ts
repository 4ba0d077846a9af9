import { AccessToken, RequireScopes } from '@gatehouse/guards';
import { Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type UserInfoResponse, userInfoResponse, UserInfoService } from './user-info.service.js';

/** The UserInfo endpoint (OpenID Connect Core §5.3). GET and POST both take the access token from the header. */
@ApiTags('userinfo')
@Controller('userinfo')
@RequireScopes('openid')
export class UserInfoController {
  constructor(private readonly userInfo: UserInfoService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Tells a client about the person who logged in to it' })
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
