import * as oauth from 'openid-client';
import type { ServiceTokensOptions } from './service-tokens.options.js';
import { AuthorizationServerUnavailable, TokenRefused } from './token-failures.js';

/** Of one request, from the connection to the last byte. */
const TIMEOUT_SECONDS = 3;
/** What the authorization server says of this service, not of what it asks for (RFC 6749 §5.2). */
const ABOUT_THE_CLIENT = ['invalid_client', 'unauthorized_client', 'unsupported_grant_type'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The token endpoint, as openid-client knows it, and its failures in two words: not now, or not this. */
export class AuthorizationServer {
  private configuration: Promise<oauth.Configuration> | undefined;

  constructor(private readonly options: ServiceTokensOptions) {}

  /**
   * @throws {AuthorizationServerUnavailable}
   * @throws {TokenRefused}
   */
  async ask(
    grantType: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<oauth.TokenEndpointResponse> {
    try {
      return await oauth.genericGrantRequest(await this.configured(), grantType, { ...parameters });
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Discovered once; an attempt that failed is forgotten. */
  private configured(): Promise<oauth.Configuration> {
    this.configuration ??= this.configure().catch((error: unknown) => {
      this.configuration = undefined;
      throw error;
    });
    return this.configuration;
  }

  private async configure(): Promise<oauth.Configuration> {
    const { issuer, tokenEndpoint, clientId, clientSecret } = this.options;
    if (clientSecret === undefined) throw new Error('there is no client secret');
    const authentication = oauth.ClientSecretBasic(clientSecret);
    const execute = this.mayUseHttp(tokenEndpoint ?? issuer) ? [oauth.allowInsecureRequests] : [];
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

  private mayUseHttp(address: string): boolean {
    const { hostname } = new URL(address);
    return this.options.dangerouslyAllowInsecureHttp || LOOPBACK.test(hostname);
  }
}

function failureOf(error: unknown): Error {
  if (!(error instanceof oauth.ResponseBodyError)) return new AuthorizationServerUnavailable(error);
  const { status, error: code } = error;
  const isOurs = status >= 500 || status === 429 || ABOUT_THE_CLIENT.includes(code);
  return isOurs
    ? new AuthorizationServerUnavailable(error)
    : new TokenRefused(code, { cause: error });
}
