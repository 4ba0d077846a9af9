import { type AccessPolicy, AccessToken, InvalidToken, Policy } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Controller, Delete, Get, Header, HttpCode, Injectable, Param } from '@nestjs/common';
import {
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import { RequireScopes } from '../clients/auth.scopes.js';
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
  user_agent: z.string().nullable().describe('The `User-Agent` of the login'),
  origin: z.string().nullable().describe('The network that the login came from: /24 or /48'),
  created_at: instant,
  last_used_at: instant,
  ends_at: instant.describe('The end of the session unless it is used before'),
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
  @ApiOperation({ summary: 'Lists your sessions, newest first' })
  @ApiOkResponse({ standardSchema: sessionList })
  async list(@AccessToken() { subject, sessionId }: AccessToken): Promise<SessionList> {
    const sessions = await this.sessions.listActive(subject);
    return { sessions: sessions.map((session) => toSessionRepresentation(session, sessionId)) };
  }

  @Delete()
  @HttpCode(200)
  @RequireScopes('sessions:end')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends all your other sessions' })
  @ApiOkResponse({ standardSchema: endedSessions })
  async endOthers(@AccessToken() { subject, sessionId }: AccessToken): Promise<EndedSessions> {
    const kept = sessionId === undefined ? undefined : { kind: 'session' as const, id: sessionId };
    return { ended: await this.sessions.revokeAllOfAccount(subject, 'ended_by_owner', kept) };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScopes('sessions:end')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends one of your sessions. It may be the session of this token' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: 'There is no such session, or it is not yours' })
  async end(
    @AccessToken() { subject }: AccessToken,
    @Param('id') sessionId: string,
  ): Promise<void> {
    const isRevoked = await this.sessions.revoke(subject, sessionId, 'ended_by_owner');
    if (!isRevoked) throw new Problem(404, { detail: 'There is no such session.' });
  }
}
