import { AccessToken, Policy } from '@gatehouse/guards';
import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScopes } from '../clients/auth.scopes.js';
import { RateLimited } from '../platform/rate-limit.service.js';
import { ActiveSessionPolicy } from './active-session.policy.js';
import {
  type PasswordChangeParameters,
  passwordChangeParameters,
  PasswordService,
} from './password.service.js';
import { type EndedSessions, endedSessions } from './sessions.schema.js';

@ApiTags('sessions')
@Controller('auth/password')
@Policy(ActiveSessionPolicy)
export class PasswordController {
  constructor(private readonly passwordService: PasswordService) {}

  @Post()
  @HttpCode(200)
  @RateLimited('login')
  @RequireScopes('account:password')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Changes your password, and logs you out everywhere else' })
  @ApiOkResponse({ standardSchema: endedSessions })
  @ApiBadRequestResponse({ description: 'The current password is wrong, or the new one unfit' })
  async change(
    @AccessToken() token: AccessToken,
    @Body({ schema: passwordChangeParameters }) parameters: PasswordChangeParameters,
  ): Promise<EndedSessions> {
    return { ended: await this.passwordService.change(token, parameters) };
  }
}
