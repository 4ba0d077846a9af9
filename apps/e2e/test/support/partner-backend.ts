import * as oauth from 'openid-client';

export interface Partner {
  readonly issuer: string;
  readonly clientId: string;
  /** Of the JWK Set that the partner was registered with: who the backend is (RFC 7523). */
  readonly key: oauth.CryptoKey | oauth.PrivateKey;
  readonly redirectUri: string;
}

/** What must be remembered between the two halves of a login. */
export interface PendingLogin {
  readonly address: URL;
  readonly checks: { readonly expectedState: string; readonly pkceCodeVerifier: string };
}

/** A partner's backend. It has two keys: one says who it is, and to the other its tokens are bound (RFC 9449). */
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

  /** Where a customer is sent, to say whether the partner may see their orders. */
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
      // The code is good with this key alone (RFC 9449 §10).
      dpop_jkt: await this.dpop.calculateThumbprint(),
    });
    return { address, checks: { expectedState, pkceCodeVerifier } };
  }

  /** @param callback the address that the customer came back to */
  finishLogin(callback: URL, { checks }: PendingLogin): Promise<oauth.TokenEndpointResponse> {
    return oauth.authorizationCodeGrant(this.config, callback, checks, undefined, this.bound);
  }

  refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse> {
    return oauth.refreshTokenGrant(this.config, refreshToken, undefined, this.bound);
  }

  /** A nonce that the server asks for is sent by the library, with a second try. */
  read(url: URL, accessToken: string): Promise<Response> {
    const { config, bound } = this;
    return oauth.fetchProtectedResource(config, accessToken, url, 'GET', null, undefined, bound);
  }

  private get bound(): oauth.DPoPOptions {
    return { DPoP: this.dpop };
  }
}
