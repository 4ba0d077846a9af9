import { createHash } from 'node:crypto';
import type { TokenEndpointResponse } from 'openid-client';
import { type ServiceTokenOptions, TokenEndpointClient } from './token-endpoint.client.js';
import { type CachedToken, TokenCache } from './token-cache.js';

/** The resource server and the scope for which a token is requested. */
export interface TokenTarget {
  /** Identifier of the resource server that accepts the token (RFC 8707). */
  readonly resource: string;
  /** The scopes that the call needs, separated by spaces. */
  readonly scope: string;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** About 2 kB each. */
const MAX_CACHED_TOKENS = 1_000;
/** A token is not used in its last seconds, so that it is still valid when it arrives. */
const EXPIRY_MARGIN_SECONDS = 30;

/** Requests and caches the access tokens with which this service calls other services. */
export class ServiceTokenService {
  private readonly tokenEndpoint: TokenEndpointClient;
  private readonly cache: TokenCache;

  constructor(private readonly options: ServiceTokenOptions) {
    this.tokenEndpoint = new TokenEndpointClient(options);
    this.cache = new TokenCache(options.now, MAX_CACHED_TOKENS);
  }

  /**
   * Gets a token of the service itself (RFC 6749 §4.4).
   *
   * @throws {AuthorizationServerUnavailableException}
   * @throws {TokenRejectedError}
   */
  getServiceToken(target: TokenTarget): Promise<string> {
    return this.cache.get(createCacheKey(target, ''), async () =>
      this.toCachedToken(
        await this.tokenEndpoint.requestToken('client_credentials', { ...target }),
      ),
    );
  }

  /**
   * Exchanges a user's token for one that another resource server accepts and that names this service as the actor (RFC 8693
   * §2.1).
   *
   * @param subjectToken the access token of the user's request, which the guard has verified
   * @throws {AuthorizationServerUnavailableException}
   * @throws {TokenRejectedError} when the user's token is not valid, or the user has not granted the scope
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

  /** Removes a token that a resource server has rejected, so that the next call requests a new one. */
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

/** A digest, so that the keys of the cache contain no tokens. */
function createCacheKey({ resource, scope }: TokenTarget, subjectToken: string): string {
  return createHash('sha256')
    .update(JSON.stringify([resource, scope, subjectToken]))
    .digest('base64');
}
