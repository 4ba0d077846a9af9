import { Clock, Problem } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import {
  AuthorizationServerClient,
  type TokenResponse,
} from '../authorization-server/authorization-server.client.js';
import { GrantRejected } from '../authorization-server/authorization-errors.js';
import type { SessionContent, StoredAccessToken } from '../sessions/session-content.js';
import type { OpenSession } from '../sessions/session.service.js';
import type { RequestOrigin } from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { listApis } from './access-plan.js';
import { mergeTokens, RefreshService } from './refresh.service.js';

interface TokenRequest {
  /** Identifier of the resource server (RFC 8707). */
  readonly resource: string;
  readonly origin: RequestOrigin;
  /** A token that the resource server has refused. */
  readonly refused?: string | undefined;
}

/** A token is replaced this long before it expires, or after two thirds of its life. */
const EXPIRY_MARGIN_MS = 15_000;

/** The access tokens of a session: one per resource server. */
@Injectable()
export class TokenService {
  /** Refreshes in flight of this process, by session and resource, so that twenty tabs cause one. */
  private readonly inFlight = new Map<string, Promise<OpenSession>>();

  constructor(
    private readonly refreshes: RefreshService,
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly clock: Clock,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /**
   * @returns an access token that is valid for some seconds at least
   * @throws {Problem} 401 `sign_in_required`; 403 `not_granted`; 503 `unavailable`
   */
  async getToken(session: OpenSession, request: TokenRequest): Promise<string> {
    const { resource, refused } = request;
    const stored = session.content.accessTokens[resource];
    if (!stored) throw notGranted();
    if (this.isUsable(stored, refused)) return stored.accessToken;
    const { content } = await this.refreshOnce(session, request);
    return content.accessTokens[resource]?.accessToken ?? '';
  }

  /** Gets the other tokens of a session that has just begun. The user's roles may leave no scope for a resource server. */
  async completeTokens(content: SessionContent): Promise<SessionContent> {
    let complete = content;
    for (const resource of listApis(this.config)) {
      const response = await this.requestToken(complete.refreshToken, resource);
      if (response) {
        complete = mergeTokens(complete, { resource, response, now: this.clock.now() });
      }
    }
    return complete;
  }

  /** @returns undefined when the user has granted nothing for the resource server (RFC 8707 §2.2); the refresh token stays valid */
  private async requestToken(token: string, resource: string): Promise<TokenResponse | undefined> {
    try {
      return await this.authorizationServer.refresh(token, resource);
    } catch (error) {
      const isNothing = error instanceof GrantRejected && NOTHING_GRANTED.includes(error.code);
      if (isNothing) return undefined;
      throw error;
    }
  }

  private refreshOnce(
    session: OpenSession,
    { resource, origin, refused }: TokenRequest,
  ): Promise<OpenSession> {
    const key = `${session.key.id} ${resource} ${refused ?? ''}`;
    const pending = this.inFlight.get(key);
    if (pending) return pending;
    const refresh = this.refreshes
      .refresh(session, {
        resource,
        origin,
        isUsable: (token) => token !== undefined && this.isUsable(token, refused),
      })
      .finally(() => this.inFlight.delete(key));
    this.inFlight.set(key, refresh);
    return refresh;
  }

  private isUsable(
    { accessToken, issuedAt, expiresAt }: StoredAccessToken,
    refused: string | undefined,
  ): boolean {
    const margin = Math.min(EXPIRY_MARGIN_MS, (expiresAt - issuedAt) / 3);
    return accessToken !== refused && this.clock.now() < expiresAt - margin;
  }
}

const NOTHING_GRANTED = ['invalid_target', 'invalid_scope'];

const notGranted = () =>
  new Problem(403, {
    detail: 'This session has no access to that service.',
    extensions: { code: 'not_granted' },
  });
