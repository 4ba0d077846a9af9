import { Clock, isLoopbackHost, removeTrailingSlash } from '@gatehouse/service-kit';
import { Inject, Injectable, Optional } from '@nestjs/common';
import * as oauth from 'openid-client';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import {
  decodeClaims,
  type RequestOrigin,
  UPSTREAM_OBSERVER,
  type UpstreamEntry,
  type UpstreamObserver,
} from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { GrantRejected, toAuthorizationError } from './authorization-errors.js';

/** What one attempt to sign in keeps until the browser comes back. */
export interface AuthorizationChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly maxAge?: number | undefined;
}

export type TokenResponse = oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers;

interface Call<Result> extends RequestOrigin {
  readonly endpoint: 'token_endpoint' | 'revocation_endpoint';
  readonly send: (configuration: oauth.Configuration) => Promise<Result>;
}

/** Limit of one request, from the connection to the last byte. It is shorter than the claim on a refresh. */
const AUTH_TIMEOUT_SECONDS = 4;

/**
 * Calls the authorization server through openid-client, as a confidential client by `private_key_jwt`. It reads the metadata at
 * the first call, so this process starts without the authorization server.
 */
@Injectable()
export class AuthorizationServerClient {
  private configuration: Promise<oauth.Configuration> | undefined;

  constructor(
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
    private readonly clock: Clock,
    @Optional() @Inject(UPSTREAM_OBSERVER) private readonly observer?: UpstreamObserver,
  ) {}

  /** @throws {UpstreamUnavailable} */
  async createAuthorizationUrl(
    { state, nonce, verifier, maxAge }: AuthorizationChecks,
    scope: readonly string[],
  ): Promise<string> {
    const configuration = await this.getConfiguration();
    const url = oauth.buildAuthorizationUrl(configuration, {
      redirect_uri: `${this.config.PUBLIC_URL}/callback`,
      scope: scope.join(' '),
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(maxAge !== undefined && { max_age: String(maxAge) }),
    });
    return url.href;
  }

  /**
   * Redeems the code of a redirect back (RFC 6749 §4.1.3), and verifies `state`, `iss` (RFC 9207), the ID token and its nonce.
   *
   * @param query of the redirect
   * @throws {UpstreamUnavailable} {GrantRejected}
   */
  async exchangeCode(query: string, checks: AuthorizationChecks): Promise<TokenResponse> {
    const callback = new URL(`${this.config.PUBLIC_URL}/callback${query}`);
    return this.call({
      endpoint: 'token_endpoint',
      send: (configuration) =>
        oauth.authorizationCodeGrant(
          configuration,
          callback,
          {
            expectedState: checks.state,
            expectedNonce: checks.nonce,
            pkceCodeVerifier: checks.verifier,
            idTokenExpected: true,
            ...(checks.maxAge !== undefined && { maxAge: checks.maxAge }),
          },
          { resource: this.config.AUTH_ISSUER },
        ),
    });
  }

  /**
   * Rotates the refresh token and gets an access token for one resource (RFC 6749 §6, RFC 8707 §2.2).
   *
   * @throws {UpstreamUnavailable} {GrantRejected}
   */
  refresh(
    refreshToken: string,
    resource: string,
    origin: RequestOrigin = {},
  ): Promise<TokenResponse> {
    return this.call({
      ...origin,
      endpoint: 'token_endpoint',
      send: (configuration) => oauth.refreshTokenGrant(configuration, refreshToken, { resource }),
    });
  }

  /** Ends one session, and no other of the browser (RFC 7009). @throws {UpstreamUnavailable} {GrantRejected} */
  revoke(refreshToken: string): Promise<void> {
    return this.call({
      endpoint: 'revocation_endpoint',
      send: (configuration) => oauth.tokenRevocation(configuration, refreshToken),
    });
  }

  /**
   * Ends a session with the browser session that it began in, and so all sessions of that browser (docs/sessions.md).
   *
   * @param accessToken for the authorization server itself, with `sessions:end`
   * @throws {UpstreamUnavailable}
   */
  async endSession(accessToken: string, sid: string): Promise<void> {
    const base = removeTrailingSlash(this.config.AUTH_URL ?? this.config.AUTH_ISSUER);
    const response = await fetch(`${base}/auth/sessions/${encodeURIComponent(sid)}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${accessToken}` },
      redirect: 'error',
      signal: AbortSignal.timeout(AUTH_TIMEOUT_SECONDS * 1000),
    }).catch((error: unknown) => {
      throw new UpstreamUnavailable('auth', error);
    });
    await response.body?.cancel();
    // 401 and 404: the session has ended before.
    if (![204, 401, 404].includes(response.status)) {
      throw new UpstreamUnavailable('auth', new Error(`auth answered ${response.status}`));
    }
  }

  /** The address of the key set (RFC 8414 §2, `jwks_uri`). @throws {UpstreamUnavailable} */
  async findKeySetUrl(): Promise<URL> {
    const { jwks_uri: uri } = (await this.getConfiguration()).serverMetadata();
    if (uri === undefined) throw new UpstreamUnavailable('auth', new Error('it has no jwks_uri'));
    return new URL(this.toInternalUrl(uri));
  }

  private async call<Result>({ endpoint, send, ...origin }: Call<Result>): Promise<Result> {
    const configuration = await this.getConfiguration();
    const startedAt = this.clock.now();
    const report = (status: number | undefined, result?: unknown) =>
      this.observer?.observe({
        ...origin,
        target: 'auth',
        method: 'POST',
        url: configuration.serverMetadata()[endpoint] ?? '',
        startedAt,
        durationMs: this.clock.now() - startedAt,
        status,
        ...describeTokens(result),
      });
    try {
      const result = await send(configuration);
      report(200, result);
      return result;
    } catch (error) {
      const failure = toAuthorizationError(error, this.config);
      if (failure instanceof GrantRejected) report(400, { error: failure.code });
      else report(undefined);
      throw failure;
    }
  }

  /** After a failure, the next call tries again. */
  private getConfiguration(): Promise<oauth.Configuration> {
    this.configuration ??= this.loadConfiguration().catch((error: unknown) => {
      this.configuration = undefined;
      throw new UpstreamUnavailable('auth', error);
    });
    return this.configuration;
  }

  private async loadConfiguration(): Promise<oauth.Configuration> {
    const { AUTH_ISSUER, CLIENT_ID, CLIENT_KEY, ALLOW_INSECURE_HTTP } = this.config;
    if (CLIENT_KEY === undefined) throw new Error('CLIENT_KEY is not set');
    const { kid, ...jwk } = CLIENT_KEY;
    const algorithm = { name: 'ECDSA', namedCurve: jwk.crv };
    const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']);
    const issuer = new URL(AUTH_ISSUER);
    const isHttpAllowed = ALLOW_INSECURE_HTTP || isLoopbackHost(issuer.hostname);
    return oauth.discovery(
      issuer,
      CLIENT_ID,
      {},
      oauth.PrivateKeyJwt(kid === undefined ? key : { key, kid }),
      {
        timeout: AUTH_TIMEOUT_SECONDS,
        execute: isHttpAllowed ? [oauth.allowInsecureRequests] : [],
        [oauth.customFetch]: (url, options) =>
          fetch(this.toInternalUrl(url), options as RequestInit),
      },
    );
  }

  /** The metadata has addresses for browsers. */
  private toInternalUrl(url: string): string {
    const { AUTH_URL, AUTH_ISSUER } = this.config;
    const issuer = removeTrailingSlash(AUTH_ISSUER);
    return AUTH_URL !== undefined && url.startsWith(`${issuer}/`)
      ? removeTrailingSlash(AUTH_URL) + url.slice(issuer.length)
      : url;
  }
}

/** `family . generation . secret id . MAC` (docs/flows/refresh.md): only the generation is shown. */
function describeTokens(result: unknown) {
  const { access_token, refresh_token, error } = (result ?? {}) as Partial<TokenResponse> &
    Pick<UpstreamEntry, 'error'>;
  const generation = Number(refresh_token?.split('.')[1]);
  return {
    error,
    claims: decodeClaims(access_token),
    ...(Number.isInteger(generation) && { generation }),
  };
}
