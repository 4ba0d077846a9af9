import { Body, Controller, Header, HttpCode, Logger, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AcceptsServers } from '../requests/same-origin.guard.js';
import { EndedSessionRepository } from './ended-session.repository.js';
import { WebSessionRepository } from '../sessions/web-session.repository.js';
import { LogoutTokenRejected, LogoutTokenVerifier } from './logout-token.verifier.js';

/** Where the authorization server reports the end of a session (OpenID Connect Back-Channel Logout §2.5). */
@Controller('back-channel-logout')
export class LogoutController {
  private readonly log = new Logger('Logout');

  constructor(
    private readonly verifier: LogoutTokenVerifier,
    private readonly endedSessions: EndedSessionRepository,
    private readonly sessions: WebSessionRepository,
  ) {}

  /**
   * Remembers the token before it deletes the session, so that a sign-in that stores the session at the same moment sees it. After
   * a crash in between, the authorization server sends another token. A session that is not here has ended before.
   */
  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @AcceptsServers()
  async end(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    try {
      const token = await this.verifier.verify(readLogoutToken(body));
      if (!(await this.endedSessions.add(token)))
        throw new LogoutTokenRejected('the token was used before');
      await this.sessions.deleteBySid(token.sid);
      return undefined;
    } catch (error) {
      if (!(error instanceof LogoutTokenRejected)) throw error;
      this.log.warn(`rejected a logout token: ${error.message}`);
      // §2.8.
      void reply.code(400);
      return { error: 'invalid_request', error_description: error.message };
    }
  }
}

const readLogoutToken = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'logout_token' in body
    ? body.logout_token
    : undefined;
