import { isLoopbackHost } from '@gatehouse/service-kit';
import * as oauth from 'openid-client';
import { AuthorizationServerUnavailableException, TokenRejectedError } from './token-errors.js';

export interface ServiceTokenOptions {
  readonly issuer: string;
  /** Default: `token_endpoint` of the issuer's metadata (RFC 8414). */
  readonly tokenEndpoint?: string | undefined;
  readonly clientId: string;
  /** Sent by HTTP Basic (RFC 6749 §2.3.1). Without one, every request for a token fails with 503. */
  readonly clientSecret: string | undefined;
  /** Sends the secret over plain http to hosts that are not loopback. */
  readonly dangerouslyAllowInsecureHttp: boolean;
  /** The time in epoch milliseconds. */
  readonly now: () => number;
}

/** Limit of one request, from the connection to the last byte. */
const TIMEOUT_SECONDS = 3;
/** Errors about this service and not about its request (RFC 6749 §5.2). */
const CLIENT_ERROR_CODES = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'];

/** Calls the token endpoint through openid-client, and reduces its failures to two: unavailable and rejected. */
export class TokenEndpointClient {
  private configuration: Promise<oauth.Configuration> | undefined;

  constructor(private readonly options: ServiceTokenOptions) {}

  /**
   * @throws {AuthorizationServerUnavailableException}
   * @throws {TokenRejectedError}
   */
  async requestToken(
    grantType: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<oauth.TokenEndpointResponse> {
    try {
      return await oauth.genericGrantRequest(await this.getConfiguration(), grantType, {
        ...parameters,
      });
    } catch (error) {
      throw toTokenError(error, this.options);
    }
  }

  /** Discovers the endpoint once. After a failure, the next call tries again. */
  private getConfiguration(): Promise<oauth.Configuration> {
    this.configuration ??= this.loadConfiguration().catch((error: unknown) => {
      this.configuration = undefined;
      throw error;
    });
    return this.configuration;
  }

  private async loadConfiguration(): Promise<oauth.Configuration> {
    const { issuer, tokenEndpoint, clientId, clientSecret } = this.options;
    if (clientSecret === undefined) throw new Error('there is no client secret');
    const authentication = oauth.ClientSecretBasic(clientSecret);
    const execute = this.canUseHttp(tokenEndpoint ?? issuer) ? [oauth.allowInsecureRequests] : [];
    if (tokenEndpoint === undefined) {
      return oauth.discovery(new URL(issuer), clientId, {}, authentication, {
        algorithm: 'oauth2',
        timeout: TIMEOUT_SECONDS,
        execute,
      });
    }
    const server = { issuer, token_endpoint: tokenEndpoint };
    const configuration = new oauth.Configuration(server, clientId, {}, authentication);
    configuration.timeout = TIMEOUT_SECONDS;
    for (const extend of execute) extend(configuration);
    return configuration;
  }

  private canUseHttp(address: string): boolean {
    const { hostname } = new URL(address);
    return this.options.dangerouslyAllowInsecureHttp || isLoopbackHost(hostname);
  }
}

function toTokenError(error: unknown, options: ServiceTokenOptions): Error {
  if (isClientRefused(error)) {
    const { tokenEndpoint, issuer, clientId } = options;
    const message = `${tokenEndpoint ?? issuer} refuses the client ${clientId}: see CLIENT_ID and CLIENT_SECRET`;
    return new AuthorizationServerUnavailableException(new Error(message, { cause: error }));
  }
  if (!(error instanceof oauth.ResponseBodyError))
    return new AuthorizationServerUnavailableException(error);
  const { status, error: code } = error;
  const isOurs = status >= 500 || status === 429 || CLIENT_ERROR_CODES.includes(code);
  return isOurs
    ? new AuthorizationServerUnavailableException(error)
    : new TokenRejectedError(code, { cause: error });
}

/** `invalid_client` (RFC 6749 §5.2). openid-client reads no body of a 401 that has a challenge. */
const isClientRefused = (error: unknown): boolean =>
  error instanceof oauth.WWWAuthenticateChallengeError ||
  (error instanceof oauth.ResponseBodyError && error.error === 'invalid_client');
