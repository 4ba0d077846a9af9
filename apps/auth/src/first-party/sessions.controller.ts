import { type AccessPolicy, AccessToken, InvalidToken, Policy } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Injectable,
  Param,
  Post,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import { newPassword } from '../accounts/credentials.service.js';
import { describePasswordRule, type PasswordRule } from '../accounts/password-policy.js';
import { RequireScopes } from '../clients/auth.scopes.js';
import { AcceptsFrom } from '../platform/request-source.guard.js';
import { PasswordChangeService } from '../sessions/password-change.service.js';
import { SessionService, type SessionView } from '../sessions/session.service.js';

/**
 * Accepts a token only while its session is active. Other resource servers learn of a revocation from the status list within
 * seconds. This server reads its own database.
 */
@Injectable()
export class ActiveSessionPolicy implements AccessPolicy {
  constructor(private readonly sessions: SessionService) {}

  /** @throws {InvalidToken} "… expired, revoked, malformed, or invalid for other reasons" (RFC 6750 §3.1) */
  async allows({ subject, sessionId }: AccessToken): Promise<boolean> {
    if (sessionId !== undefined && (await this.sessions.isActive(subject, sessionId))) return true;
    throw new InvalidToken('revoked');
  }
}

const instant = z.iso.datetime();

export const sessionRepresentation = z.object({
  id: z.string().describe('The `sid` of its access tokens'),
  client_id: z.string(),
  user_agent: z.string().nullable().describe('As the device named itself at login'),
  origin: z.string().nullable().describe('The network that the login came from: /24 or /48'),
  created_at: instant,
  last_used_at: instant,
  ends_at: instant.describe('If it is not used before'),
  current: z.boolean().describe('Whether the access token of this call is of this session'),
});
export type SessionRepresentation = z.infer<typeof sessionRepresentation>;

export const sessionList = z.object({ sessions: z.array(sessionRepresentation) });
export type SessionList = z.infer<typeof sessionList>;

export const endedSessions = z.object({ ended: z.int().describe('How many sessions ended') });
export type EndedSessions = z.infer<typeof endedSessions>;

/** @param current `sid` of the caller */
export const toSessionRepresentation = (
  session: SessionView,
  current: string | undefined,
): SessionRepresentation => ({
  id: session.id,
  client_id: session.clientId,
  user_agent: session.userAgent,
  origin: session.origin,
  created_at: session.createdAt.toISOString(),
  last_used_at: session.lastUsedAt.toISOString(),
  ends_at: session.endsAt.toISOString(),
  current: session.id === current,
});

/** Lists and ends sessions of the account that is the subject of the access token. */
@ApiTags('sessions')
@Controller('auth/sessions')
@Policy(ActiveSessionPolicy)
export class SessionsController {
  constructor(private readonly sessions: SessionService) {}

  @Get()
  @RequireScopes('sessions:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Lists where you are logged in, newest first' })
  @ApiOkResponse({ standardSchema: sessionList })
  async list(@AccessToken() { subject, sessionId }: AccessToken): Promise<SessionList> {
    const sessions = await this.sessions.listActive(subject);
    return { sessions: sessions.map((session) => toSessionRepresentation(session, sessionId)) };
  }

  @Delete()
  @HttpCode(200)
  @RequireScopes('sessions:end')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Logs you out everywhere else' })
  @ApiOkResponse({ standardSchema: endedSessions })
  async endOthers(@AccessToken() { subject, sessionId }: AccessToken): Promise<EndedSessions> {
    const kept = sessionId === undefined ? undefined : { kind: 'session' as const, id: sessionId };
    return { ended: await this.sessions.revokeAllOfAccount(subject, 'ended_by_owner', kept) };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScopes('sessions:end')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends one of your sessions; this one as well' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'No such session, or not your own' })
  async end(
    @AccessToken() { subject }: AccessToken,
    @Param('id') sessionId: string,
  ): Promise<void> {
    const isRevoked = await this.sessions.revoke(subject, sessionId, 'ended_by_owner');
    if (!isRevoked) throw new Problem(404, { detail: 'There is no such session.' });
  }
}

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

@ApiTags('sessions')
@Controller('auth/password')
@AcceptsFrom('API callers')
@Policy(ActiveSessionPolicy)
export class PasswordController {
  constructor(private readonly passwords: PasswordChangeService) {}

  @Post()
  @HttpCode(200)
  @RequireScopes('account:password')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Changes your password, and logs you out everywhere else' })
  @ApiOkResponse({ standardSchema: endedSessions })
  @ApiBadRequestResponse({ description: 'The current password is wrong, or the new one unfit' })
  async change(
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
}
