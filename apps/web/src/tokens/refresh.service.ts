import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import {
  AuthorizationServerClient,
  type TokenResponse,
} from '../authorization-server/authorization-server.client.js';
import { GrantRejected, isSessionOver } from '../authorization-server/authorization-errors.js';
import type { SessionContent, StoredAccessToken } from '../sessions/session-content.js';
import { type OpenSession, SessionService } from '../sessions/session.service.js';
import { WebSessionRepository } from '../sessions/web-session.repository.js';
import { signInRequired, UpstreamUnavailable } from '../upstream/upstream.errors.js';
import type { RequestOrigin } from '../upstream/upstream-observer.js';

/**
 * Longer than a request to the authorization server, and shorter than its grace window: when the process that has the claim is
 * killed, the next one repeats the refresh with the same refresh token and gets the same successor (docs/flows/refresh.md).
 */
const CLAIM_MS = 6_000;
const POLL_MS = 40;
const MAX_WAIT_MS = 12_000;

/** The token that is needed, and how to tell that a row has it. */
export interface RefreshRequest {
  readonly resource: string;
  readonly isUsable: (token: StoredAccessToken | undefined) => boolean;
  readonly origin: RequestOrigin;
}

/** Refreshes the tokens of a session. Of all processes, one refreshes a session at a time, and the others read its result. */
@Injectable()
export class RefreshService {
  constructor(
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly sessions: SessionService,
    private readonly rows: WebSessionRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the session with a usable token, from this refresh or from one that ran meanwhile
   * @throws {Problem} 401 `sign_in_required` after the session has ended; 503 {@link UpstreamUnavailable}, and the session stays
   */
  async refresh(session: OpenSession, request: RefreshRequest): Promise<OpenSession> {
    const claim = randomBytes(32).toString('base64url');
    const waitUntil = this.clock.monotonic() + MAX_WAIT_MS;
    while (this.clock.monotonic() < waitUntil) {
      const row = await this.rows.claim(session.key.id, claim, CLAIM_MS);
      if (row) return this.refreshClaimed(this.sessions.open(row, session.key), claim, request);
      const current = await this.sessions.load(session.key);
      if (!current) throw signInRequired();
      if (isSatisfied(current, request)) return current;
      await delay(POLL_MS);
    }
    throw new UpstreamUnavailable('auth', new Error('the refresh of another process did not end'));
  }

  /** Waits until no refresh is in flight, so that the refresh token of the row is the latest. */
  async claimForSignOut({ key }: OpenSession): Promise<void> {
    const waitUntil = this.clock.monotonic() + CLAIM_MS;
    const claim = randomBytes(32).toString('base64url');
    while (this.clock.monotonic() < waitUntil) {
      if (await this.rows.claim(key.id, claim, CLAIM_MS)) return;
      if (!(await this.sessions.load(key))) return;
      await delay(POLL_MS);
    }
  }

  private async refreshClaimed(
    session: OpenSession | undefined,
    claim: string,
    request: RefreshRequest,
  ): Promise<OpenSession> {
    if (!session) throw signInRequired();
    const { key } = session;
    if (isSatisfied(session, request)) {
      await this.rows.release(key.id, claim);
      return session;
    }
    try {
      const content = await this.rotate(session, request);
      await this.rows.release(key.id, claim, this.sessions.seal(key, content));
      return { ...session, content };
    } catch (error) {
      if (isSessionOver(error)) await this.rows.delete(key.id);
      else await this.rows.release(key.id, claim);
      throw toProblem(error);
    }
  }

  private async rotate(
    { content }: OpenSession,
    { resource, origin }: RefreshRequest,
  ): Promise<SessionContent> {
    const response = await this.authorizationServer.refresh(content.refreshToken, resource, origin);
    return mergeTokens(content, { resource, response, now: this.clock.now() });
  }
}

interface ReceivedTokens {
  readonly resource: string;
  readonly response: TokenResponse;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @returns the content with the tokens of a response, and the same refresh token if the response has none (RFC 6749 §6) */
export function mergeTokens(
  content: SessionContent,
  { resource, response, now }: ReceivedTokens,
): SessionContent {
  const { access_token: accessToken, refresh_token: successor, scope = '' } = response;
  const token: StoredAccessToken = {
    accessToken,
    scope: scope.split(' ').filter(Boolean),
    issuedAt: now,
    expiresAt: now + (response.expires_in ?? 0) * 1000,
  };
  return {
    ...content,
    refreshToken: successor ?? content.refreshToken,
    accessTokens: { ...content.accessTokens, [resource]: token },
  };
}

const isSatisfied = ({ content }: OpenSession, { resource, isUsable }: RefreshRequest): boolean =>
  isUsable(content.accessTokens[resource]);

function toProblem(error: unknown): unknown {
  if (isSessionOver(error)) return signInRequired();
  return error instanceof GrantRejected ? new UpstreamUnavailable('auth', error) : error;
}
