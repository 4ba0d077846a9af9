import { createHash } from 'node:crypto';
import type { TokenEndpointResponse } from 'openid-client';
import { type ServiceTokenOptions, TokenEndpointClient } from './token-endpoint.client.js';
import { type CachedToken, TokenCache } from './token-cache.js';

/** What a token is to be good for. */
export interface TokenTarget {
  /** The identifier of the resource server that is called with it (RFC 8707). */
  readonly resource: string;
  /** No more than the call needs, apart by spaces. */
  readonly scope: string;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** About 2 kB each. */
const MAX_CACHED_TOKENS = 1_000;
/** A token is not handed out in the last of its life, so that it is still good when it arrives. */
const EXPIRY_MARGIN_SECONDS = 30;

/** The access tokens that this service calls others with. */
export class ServiceTokenService {
  private readonly tokenEndpoint: TokenEndpointClient;
  private readonly cache: TokenCache;

  constructor(private readonly options: ServiceTokenOptions) {
    this.tokenEndpoint = new TokenEndpointClient(options);
    this.cache = new TokenCache(options.now, MAX_CACHED_TOKENS);
  }

  /**
   * For what the service does as itself (RFC 6749 §4.4).
   *
   * @throws {AuthorizationServerUnavailable}
   * @throws {TokenRefused}
   */
  getServiceToken(target: TokenTarget): Promise<string> {
    return this.cache.get(createCacheKey(target, ''), async () =>
      this.toCachedToken(
        await this.tokenEndpoint.requestToken('client_credentials', { ...target }),
      ),
    );
  }

  /**
   * For what the service does for the person who has called it: their token is exchanged for one that another resource
   * server accepts, and that says who acts for whom (RFC 8693 §2.1).
   *
   * @param subjectToken the access token of the call, which has been verified
   * @throws {AuthorizationServerUnavailable}
   * @throws {TokenRefused} where the token, or what its person allows, does not reach as far as the target
   */
  exchangeToken(subjectToken: string, target: TokenTarget): Promise<string> {
    return this.cache.get(createCacheKey(target, subjectToken), async () =>
      this.toCachedToken(
        await this.tokenEndpoint.requestToken(TOKEN_EXCHANGE, {
          subject_token: subjectToken,
          subject_token_type: ACCESS_TOKEN,
          requested_token_type: ACCESS_TOKEN,
          ...target,
        }),
      ),
    );
  }

  /** A resource server did not accept it: its key may be revoked. Whoever asks next gets another one. */
  discardToken(accessToken: string): void {
    this.cache.discard(accessToken);
  }

  private toCachedToken({
    access_token: accessToken,
    expires_in: seconds = 0,
  }: TokenEndpointResponse): CachedToken {
    const margin = Math.min(EXPIRY_MARGIN_SECONDS, seconds / 2);
    return { accessToken, usableUntil: this.options.now() + (seconds - margin) * 1000 };
  }
}

/** A token as part of the key is as good as the token: so its digest is. */
function createCacheKey({ resource, scope }: TokenTarget, subjectToken: string): string {
  return createHash('sha256')
    .update(JSON.stringify([resource, scope, subjectToken]))
    .digest('base64');
}
