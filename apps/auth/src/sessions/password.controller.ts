import { AccessToken, Policy } from '@gatehouse/guards';
import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequireScopes } from '../account.scopes.js';
import { RateLimited } from '../rate-limits/rate-limit.guard.js';
import { LivingSession } from './living-session.js';
import { type NewPassword, newPasswordParameters } from './new-password.js';
import { PasswordChanges } from './password-changes.js';
import { type EndedSessions, endedSessions } from './session-representation.js';

@ApiTags('sessions')
@Controller('auth/password')
@Policy(LivingSession)
export class PasswordController {
  constructor(private readonly changes: PasswordChanges) {}

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
    @Body({ schema: newPasswordParameters }) parameters: NewPassword,
  ): Promise<EndedSessions> {
    return { ended: await this.changes.change(token, parameters) };
  }
}
