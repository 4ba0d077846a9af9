import { type AccessPolicy, type AccessToken, InvalidToken } from '@gatehouse/guards';
import { Injectable } from '@nestjs/common';
import { Sessions } from './sessions.js';

/**
 * The session behind the token is alive. Other resource servers learn of its end from the status list, within seconds; this
 * one has the sessions at hand.
 */
@Injectable()
export class LivingSession implements AccessPolicy {
  constructor(private readonly sessions: Sessions) {}

  /** @throws {InvalidToken} "… expired, revoked, malformed, or invalid for other reasons" (RFC 6750 §3.1) */
  async allows({ subject, sessionId }: AccessToken): Promise<boolean> {
    if (sessionId !== undefined && (await this.sessions.isAlive(subject, sessionId))) return true;
    throw new InvalidToken('revoked');
  }
}
