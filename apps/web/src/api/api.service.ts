import { Problem } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { OpenSession } from '../sessions/session.service.js';
import { TokenService } from '../tokens/token.service.js';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { ApiClient, type ApiRequest, type ApiResponse } from './api.client.js';

/** Sends a request of the browser to an API, with the access token of the session. */
@Injectable()
export class ApiService {
  constructor(
    private readonly tokens: TokenService,
    private readonly client: ApiClient,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /**
   * When the API refuses a token that this process takes for valid, the session may have been revoked. One refresh tells, and the
   * request is sent again: the API has not run it.
   *
   * @throws {Problem} 401 `sign_in_required`; 401 `step_up_required` with `maxAge` (RFC 9470); 403; 503
   */
  async send(session: OpenSession, request: ApiRequest): Promise<ApiResponse> {
    const resource =
      request.api === 'orders' ? this.config.ORDERS_RESOURCE : this.config.BILLING_RESOURCE;
    const { origin } = request;
    const first = await this.tokens.getToken(session, { resource, origin });
    const response = await this.client.send(request, first);
    if (!isTokenRefused(response)) return response;
    const second = await this.tokens.getToken(session, { resource, origin, refused: first });
    const repeated = await this.client.send(request, second);
    if (!isTokenRefused(repeated)) return repeated;
    throw new UpstreamUnavailable(request.api, new Error(`${request.api} refuses a new token`));
  }
}

/** @throws {Problem} 401 when the user must sign in again first, because then a refresh would not help */
function isTokenRefused({ status, headers }: ApiResponse): boolean {
  if (status !== 401) return false;
  const challenge = headers.get('www-authenticate') ?? '';
  if (!challenge.includes('error="insufficient_user_authentication"')) return true;
  const [, maxAge = '0'] = /\bmax_age="?(\d{1,9})/.exec(challenge) ?? [];
  throw new Problem(401, {
    detail: 'This needs a recent sign-in.',
    extensions: { code: 'step_up_required', maxAge: Number(maxAge) },
  });
}
