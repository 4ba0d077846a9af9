import { Public } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Ip, Post, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { newPassword } from '../accounts/credentials.service.js';
import { email } from '../accounts/email-address.js';
import { KnownDeviceCookie } from '../accounts/known-device-cookie.js';
import type { LimitName } from '../platform/default-rate-limits.js';
import { selectTexts } from '../pages/texts/language.js';
import { describeNetwork } from '../platform/network.js';
import { enforceQuota, RateLimitService } from '../platform/rate-limit.service.js';
import { AcceptsFrom } from '../platform/request-source.guard.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { EmailVerificationService } from '../sessions/email-verification.service.js';
import { PasswordResetService } from '../sessions/password-reset.service.js';
import { createPasswordRuleProblem } from './account.controller.js';

export const emailVerification = z.object({
  verification: z.string().max(22).describe('From the answer of the registration'),
  code: z.string().max(20).describe('The 8 digits of the mail'),
});
export type EmailVerification = z.infer<typeof emailVerification>;

export const forgottenPassword = z.object({ email });
export type ForgottenPassword = z.infer<typeof forgottenPassword>;

export const passwordReset = z.object({
  token: z.string().max(100).describe('The parameter `token` of the link in the mail'),
  new_password: newPassword,
});
export type PasswordReset = z.infer<typeof passwordReset>;

/** One answer for a wrong, used and expired one. */
const createInvalidProblem = (name: string, pointer: string) =>
  new Problem(400, {
    detail: `The ${name} is wrong, was used, or has expired.`,
    extensions: { error: 'invalid_grant', errors: [{ pointer, detail: 'is not valid' }] },
  });

/** Confirms the address of a registration by its code. */
@ApiTags('first-party login')
@Controller('auth/email')
@AcceptsFrom('API callers')
@Public()
export class EmailVerificationController {
  constructor(
    private readonly verifications: EmailVerificationService,
    private readonly limits: RateLimitService,
    private readonly events: SecurityEventService,
  ) {}

  @Post('verify')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Confirms the e-mail of a registration by the code of the mail' })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ description: 'The code is wrong, was used, or has expired' })
  async verify(
    @Body({ schema: emailVerification }) { verification: id, code }: EmailVerification,
    @Ip() ip: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const key = describeNetwork(ip);
    enforceQuota(reply, await this.limits.consume('login', { kind: 'anonymous', key }));
    if (await this.verifications.confirmByCode({ id, code })) return;
    await this.events.record({ type: 'email_action.refused', kind: 'verify_email' });
    throw createInvalidProblem('code', '#/code');
  }
}

/** Lets the owner of an address choose a new password without the old one. */
@ApiTags('first-party login')
@Controller('auth/password')
@AcceptsFrom('API callers')
@Public()
export class PasswordRecoveryController {
  constructor(
    private readonly resets: PasswordResetService,
    private readonly knownDevice: KnownDeviceCookie,
    private readonly limits: RateLimitService,
    private readonly events: SecurityEventService,
  ) {}

  @Post('forgotten')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Mails a link. The answer is the same if the address has no account' })
  @ApiAcceptedResponse({ description: 'If the e-mail has an account, a mail follows' })
  async request(
    @Body({ schema: forgottenPassword }) { email: address }: ForgottenPassword,
    @Req() { ip, headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.count('recovery', ip, reply);
    const { language } = selectTexts(undefined, headers['accept-language']);
    await this.resets.request(address, language);
  }

  @Post('reset')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sets a new password by the link of the mail, and logs you out' })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ description: 'The token is wrong, was used or has expired' })
  async reset(
    @Body({ schema: passwordReset }) { token, new_password: newPassword }: PasswordReset,
    @Req() { ip, headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.count('login', ip, reply);
    const origin = this.knownDevice.readOrigin({ ip, cookie: headers.cookie });
    const result = await this.resets.reset({ token, newPassword, origin });
    if (result.kind === 'broken rule') throw createPasswordRuleProblem(result.rule);
    if (result.kind === 'reset') return;
    await this.events.record({ type: 'email_action.refused', kind: 'reset_password' });
    throw createInvalidProblem('token', '#/token');
  }

  private async count(name: LimitName, ip: string, reply: FastifyReply): Promise<void> {
    const key = describeNetwork(ip);
    enforceQuota(reply, await this.limits.consume(name, { kind: 'anonymous', key }));
  }
}
