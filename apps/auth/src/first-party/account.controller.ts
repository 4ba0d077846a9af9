import { AccessToken, InvalidToken, Policy, RequireRecentLogin } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Body, Controller, Delete, Header, Headers, HttpCode, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import { newPassword } from '../accounts/credentials.service.js';
import { email } from '../accounts/email-address.js';
import { describePasswordRule, type PasswordRule } from '../accounts/password-policy.js';
import { RequireScopes } from '../clients/auth.scopes.js';
import { selectTexts } from '../pages/texts/language.js';
import { AcceptsFrom } from '../platform/request-source.guard.js';
import { AccountErasureService } from '../sessions/account-erasure.service.js';
import { EmailChangeService } from '../sessions/email-change.service.js';
import { EmailVerificationService } from '../sessions/email-verification.service.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import type { KeptSession } from '../sessions/session.service.js';
import { ActiveSessionPolicy, type EndedSessions, endedSessions } from './sessions.controller.js';

/** The new password must follow the rules of registration. The current one may be older than these rules. */
export const passwordChangeParameters = z.object({
  current_password: z.string().max(512),
  new_password: newPassword,
});
export type PasswordChangeParameters = z.infer<typeof passwordChangeParameters>;

export const emailChangeParameters = z.object({
  current_password: z.string().max(512),
  new_email: email,
});
export type EmailChangeParameters = z.infer<typeof emailChangeParameters>;

export const requestedEmailChange = z.object({
  verification: z.string().describe('Confirms the new address together with the code of the mail'),
});
export type RequestedEmailChange = z.infer<typeof requestedEmailChange>;

export const emailConfirmation = z.object({
  verification: z.string().max(22).describe('From the answer of the request'),
  code: z.string().max(20).describe('The 8 digits of the mail'),
});
export type EmailConfirmation = z.infer<typeof emailConfirmation>;

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

const toKeptSession = (id: string): KeptSession => ({ kind: 'session', id });

/** Password, e-mail address and deletion of the account that is the subject of the access token. */
@ApiTags('account')
@Controller('auth')
@AcceptsFrom('API callers')
@Policy(ActiveSessionPolicy)
export class AccountController {
  constructor(
    private readonly passwords: PasswordChangeService,
    private readonly emailChange: EmailChangeService,
    private readonly verifications: EmailVerificationService,
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
      kept: sessionId === undefined ? undefined : toKeptSession(sessionId),
      currentPassword: parameters.current_password,
      newPassword: parameters.new_password,
    });
    if (result.kind === 'wrong password') throw createWrongPasswordProblem();
    if (result.kind === 'broken rule') throw createPasswordRuleProblem(result.rule);
    return { ended: result.ended };
  }

  /** The answer is the same for an address that has an account (decision 6). */
  @Post('email')
  @HttpCode(202)
  @RequireScopes('account:email')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Requests another e-mail address. The new address receives a code' })
  @ApiAcceptedResponse({ standardSchema: requestedEmailChange })
  @ApiBadRequestResponse({ description: 'The current password is wrong, or the address is yours' })
  async changeEmail(
    @AccessToken() { subject: accountId, sessionId = accountId }: AccessToken,
    @Body({ schema: emailChangeParameters }) parameters: EmailChangeParameters,
    @Headers('accept-language') languages: string | undefined,
  ): Promise<RequestedEmailChange> {
    const result = await this.emailChange.request({
      session: { accountId, sessionId },
      password: parameters.current_password,
      newEmail: parameters.new_email,
      language: selectTexts(undefined, languages).language,
    });
    if (result.kind === 'wrong password') throw createWrongPasswordProblem();
    if (result.kind === 'same address')
      throw new Problem(400, { detail: 'This is the address of the account already.' });
    return { verification: result.verification };
  }

  @Post('email/confirm')
  @HttpCode(204)
  @RequireScopes('account:email')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Changes your e-mail address, and ends all your other sessions' })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ description: 'The code is wrong, was used, or has expired' })
  async confirmEmail(
    @AccessToken() { subject: accountId, sessionId }: AccessToken,
    @Body({ schema: emailConfirmation }) { verification: id, code }: EmailConfirmation,
  ): Promise<void> {
    const kept = sessionId === undefined ? undefined : toKeptSession(sessionId);
    if (await this.verifications.confirmByCode({ id, code }, { accountId, kept })) return;
    throw new Problem(400, {
      detail: 'The code is wrong, was used, or has expired.',
      extensions: { error: 'invalid_grant' },
    });
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
  async delete(
    @AccessToken() { subject }: AccessToken,
    @Headers('accept-language') languages: string | undefined,
  ): Promise<void> {
    const { language } = selectTexts(undefined, languages);
    const isErased = await this.erasure.erase(subject, 'owner', { language });
    if (!isErased) throw new InvalidToken('revoked');
  }
}
