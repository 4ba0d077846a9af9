import * as oidc from 'openid-client';
import { CALLBACK, type EndUser, type NavigationResult } from './end-user.js';

type Parameters = Readonly<Record<string, string>>;
export type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;

/** Sends requests to the server under test. */
interface Server {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** The state that a client keeps between its request and the response. */
export interface AuthorizationRequest {
  readonly url: URL;
  readonly state: string;
  readonly nonce: string | undefined;
  readonly maxAge: number | undefined;
}

/** A client on openid-client, which validates each response and the signature of each ID token. */
export class RelyingParty {
  constructor(
    private readonly server: Server,
    readonly config: oidc.Configuration,
  ) {}

  /** Creates an authorization request as the suite does, without PKCE. An empty text omits a parameter. */
  createRequest(more: Parameters = {}): AuthorizationRequest {
    const parameters = {
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      ...more,
    };
    const url = oidc.buildAuthorizationUrl(this.config, parameters);
    for (const [name, value] of Object.entries(parameters)) {
      if (value === '') url.searchParams.delete(name);
    }
    return {
      url,
      state: parameters.state,
      nonce: parameters.nonce || undefined,
      maxAge: more['max_age'] === undefined ? undefined : Number(more['max_age']),
    };
  }

  /** Redeems the code of a response. */
  exchangeCode(
    { arrival }: NavigationResult,
    { state, nonce, maxAge }: AuthorizationRequest,
    pkceCodeVerifier?: string,
  ): Promise<Tokens> {
    if (!arrival) throw new Error('the browser was not sent back');
    const checks = {
      idTokenExpected: true,
      expectedState: state,
      ...(nonce !== undefined && { expectedNonce: nonce }),
      ...(maxAge !== undefined && { maxAge }),
      ...(pkceCodeVerifier !== undefined && { pkceCodeVerifier }),
    };
    return oidc.authorizationCodeGrant(this.config, arrival, checks);
  }

  /** Runs the whole code flow and returns tokens and claims. */
  async signIn(user: EndUser, more: Parameters = {}) {
    const request = this.createRequest(more);
    const visit = await user.navigate(request.url);
    const tokens = await this.exchangeCode(visit, request);
    const claims = tokens.claims();
    if (!claims) throw new Error('no ID token');
    return { ...visit, tokens, claims };
  }

  /** Sends an authorization request and returns the error of the response. */
  async signInExpectingError(user: EndUser, more: Parameters = {}) {
    const request = this.createRequest(more);
    const visit = await user.navigate(request.url);
    const answer = Object.fromEntries(visit.arrival?.searchParams ?? []);
    if (visit.arrival && answer['state'] !== request.state) throw new Error('another state');
    return { ...visit, error: answer['error'] };
  }

  fetchUserInfo({ access_token }: Pick<Tokens, 'access_token'>, subject: string) {
    return oidc.fetchUserInfo(this.config, access_token, subject);
  }

  /** Sends a request to userinfo and returns the status. */
  async fetchUserInfoStatus(init: RequestInit): Promise<number> {
    const { userinfo_endpoint: url = '' } = this.config.serverMetadata();
    const response = await this.server.fetch(url, init);
    await response.text();
    return response.status;
  }
}

/** Returns the error code with which a promise of openid-client rejects. */
export async function getErrorCode(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError) return error.error;
    throw error;
  }
  return 'none';
}
