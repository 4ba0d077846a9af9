import { type AccessPolicy, type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { SessionService } from '../sessions/session.service.js';

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
