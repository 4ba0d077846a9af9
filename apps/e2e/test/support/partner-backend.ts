import * as oauth from 'openid-client';

export interface Partner {
  readonly issuer: string;
  readonly clientId: string;
  /** Private key of the registered JWK Set. The backend authenticates with it (RFC 7523). */
  readonly key: oauth.CryptoKey | oauth.PrivateKey;
  readonly redirectUri: string;
}

/** The backend stores it in the user's session until the callback. */
export interface PendingLogin {
  readonly address: URL;
  readonly checks: { readonly expectedState: string; readonly pkceCodeVerifier: string };
}

/** A partner's backend. It has one key to authenticate with and one key that its tokens are bound to (RFC 9449). */
export class PartnerBackend {
  private constructor(
    private readonly config: oauth.Configuration,
    private readonly dpop: oauth.DPoPHandle,
    private readonly redirectUri: string,
  ) {}

  static async open(
    { issuer, clientId, key, redirectUri }: Partner,
    options: oauth.DiscoveryRequestOptions = {},
  ): Promise<PartnerBackend> {
    const authentication = oauth.PrivateKeyJwt(key);
    const server = new URL(issuer);
    const config = await oauth.discovery(server, clientId, undefined, authentication, options);
    const dpop = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'));
    return new PartnerBackend(config, dpop, redirectUri);
  }

  /** Builds the address where the user consents. The backend redirects the browser there. */
  async beginLogin(scope: string, resource: string): Promise<PendingLogin> {
    const expectedState = oauth.randomState();
    const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
    const address = oauth.buildAuthorizationUrl(this.config, {
      redirect_uri: this.redirectUri,
      scope,
      resource,
      state: expectedState,
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      // Binds the code to the proof key too (RFC 9449 §10).
      dpop_jkt: await this.dpop.calculateThumbprint(),
    });
    return { address, checks: { expectedState, pkceCodeVerifier } };
  }

  /** @param callback the address that auth redirected the browser to, with its query */
  finishLogin(callback: URL, { checks }: PendingLogin): Promise<oauth.TokenEndpointResponse> {
    return oauth.authorizationCodeGrant(this.config, callback, checks, undefined, this.bound);
  }

  refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse> {
    return oauth.refreshTokenGrant(this.config, refreshToken, undefined, this.bound);
  }

  /** If the server requires a nonce, the library repeats the request with it. */
  read(url: URL, accessToken: string): Promise<Response> {
    const { config, bound } = this;
    return oauth.fetchProtectedResource(config, accessToken, url, 'GET', null, undefined, bound);
  }

  private get bound(): oauth.DPoPOptions {
    return { DPoP: this.dpop };
  }
}
