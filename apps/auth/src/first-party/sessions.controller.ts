import { AccessToken, Policy } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Controller, Delete, Get, Header, HttpCode, Param } from '@nestjs/common';
import {
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RequireScopes } from '../clients/auth.scopes.js';
import { SessionService } from '../sessions/session.service.js';
import { ActiveSessionPolicy } from './active-session.policy.js';
import {
  type EndedSessions,
  endedSessions,
  type SessionList,
  sessionList,
  toSessionRepresentation,
} from './sessions.schema.js';

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
