import { type AccessPolicy, type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { SessionService } from '../sessions/session.service.js';

/**
 * The session behind the token is alive. Other resource servers learn of its end from the status list, within seconds; this
 * one has the sessions at hand.
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
