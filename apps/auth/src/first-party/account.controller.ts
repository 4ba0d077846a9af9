import { AccessToken, InvalidToken, Policy, RequireRecentLogin } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Body, Controller, Delete, Header, HttpCode, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import { newPassword } from '../accounts/credentials.service.js';
import { describePasswordRule, type PasswordRule } from '../accounts/password-policy.js';
import { RequireScopes } from '../clients/auth.scopes.js';
import { AcceptsFrom } from '../platform/request-source.guard.js';
import { AccountErasureService } from '../sessions/account-erasure.service.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import { ActiveSessionPolicy, type EndedSessions, endedSessions } from './sessions.controller.js';

/** The new password must follow the rules of registration. The current one may be older than these rules. */
export const passwordChangeParameters = z.object({
  current_password: z.string().max(512),
  new_password: newPassword,
});
export type PasswordChangeParameters = z.infer<typeof passwordChangeParameters>;

/** Problem details (RFC 9457) with the error code of RFC 6749 §5.2 as an extension. */
const createWrongPasswordProblem = () =>
  new Problem(400, {
    detail: 'The current password is wrong.',
    extensions: { error: 'invalid_grant' },
  });

export function createPasswordRuleProblem(rule: PasswordRule): Problem {
  const detail = describePasswordRule(rule);
  return new Problem(400, {
    detail: `The new password ${detail}.`,
    extensions: { errors: [{ pointer: '#/new_password', detail }] },
  });
}

/** Password and deletion of the account that is the subject of the access token. */
@ApiTags('account')
@Controller('auth')
@AcceptsFrom('API callers')
@Policy(ActiveSessionPolicy)
export class AccountController {
  constructor(
    private readonly passwords: PasswordChangeService,
    private readonly erasure: AccountErasureService,
  ) {}

  @Post('password')
  @HttpCode(200)
  @RequireScopes('account:password')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Changes your password, and ends all your other sessions' })
  @ApiOkResponse({ standardSchema: endedSessions })
  @ApiBadRequestResponse({
    description: 'The current password is wrong, or the new one breaks a rule',
  })
  async changePassword(
    @AccessToken() { subject, sessionId }: AccessToken,
    @Body({ schema: passwordChangeParameters }) parameters: PasswordChangeParameters,
  ): Promise<EndedSessions> {
    const result = await this.passwords.change({
      accountId: subject,
      kept: sessionId === undefined ? undefined : { kind: 'session', id: sessionId },
      currentPassword: parameters.current_password,
      newPassword: parameters.new_password,
    });
    if (result.kind === 'wrong password') throw createWrongPasswordProblem();
    if (result.kind === 'broken rule') throw createPasswordRuleProblem(result.rule);
    return { ended: result.ended };
  }

  /** The login must be recent (RFC 9470), so that a stolen session is not enough. Tokens of the account are refused from now on. */
  @Delete('account')
  @HttpCode(204)
  @RequireScopes('account:delete')
  @RequireRecentLogin({ seconds: 300 })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Deletes your account (login of the last five minutes only)' })
  @ApiNoContentResponse()
  @ApiUnauthorizedResponse({
    description: 'The token is not valid, or the login is older than five minutes',
  })
  async delete(@AccessToken() { subject }: AccessToken): Promise<void> {
    if (!(await this.erasure.erase(subject, 'owner'))) throw new InvalidToken('revoked');
  }
}
