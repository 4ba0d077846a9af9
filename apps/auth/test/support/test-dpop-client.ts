import { DpopClient } from '@gatehouse/guards/testing';
import { ISSUER, type TestAuth, type TestResponse, toBasicAuthorization } from './test-auth.js';

export { ISSUER } from './test-auth.js';

/** The request that a proof for the token endpoint covers. */
export const TOKEN_REQUEST = { method: 'POST', url: `${ISSUER}/oauth/token` } as const;

/** A client that sends proofs of its key, and uses the nonces of the server (RFC 9449 §5, §8). */
export class TestDpopClient {
  readonly key: DpopClient;
  private nonce: string | undefined;

  constructor(private readonly auth: TestAuth) {
    this.key = new DpopClient({ now: () => auth.clock.now() });
  }

  get jkt(): string {
    return this.key.cnf.jkt;
  }

  /** Sends a token request with a valid proof, again if the server asks for a nonce. */
  token(parameters: Record<string, string>, as?: string): Promise<TestResponse> {
    return this.sendWithNonce((nonce) =>
      this.send(parameters, this.key.proof({ ...TOKEN_REQUEST, ...nonce }), { as }),
    );
  }

  /** Sends a token request with any proof. */
  send(
    parameters: Record<string, string>,
    proof: string,
    { as, at = this.auth }: { as?: string | undefined; at?: TestAuth } = {},
  ): Promise<TestResponse> {
    const headers = {
      dpop: proof,
      ...(as !== undefined && { authorization: toBasicAuthorization(as) }),
    };
    return at.send('/oauth/token', {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers,
    });
  }

  /** Sends a request to a route that accepts access tokens. */
  get(path: string, accessToken: string): Promise<TestResponse> {
    const request = { method: 'GET', url: ISSUER + path, accessToken };
    return this.sendWithNonce((nonce) =>
      this.auth.send(path, { headers: this.key.headers({ ...request, ...nonce }) }),
    );
  }

  /** Fetches a valid nonce, which the server sends to every client. */
  async fetchNonce(as: string): Promise<{ readonly nonce: string }> {
    const { headers } = await this.send({}, 'no proof', { as });
    return { nonce: headers.get('dpop-nonce') ?? '' };
  }

  private async sendWithNonce(
    request: (nonce: { nonce?: string }) => Promise<TestResponse>,
  ): Promise<TestResponse> {
    const first = await request(this.nonce === undefined ? {} : { nonce: this.nonce });
    const nonce = first.headers.get('dpop-nonce');
    if (nonce === null || nonce === this.nonce) return first;
    this.nonce = nonce;
    return asksForNonce(first) ? request({ nonce }) : first;
  }
}

const asksForNonce = ({ body, headers }: TestResponse): boolean =>
  `${body['error']} ${headers.get('www-authenticate')}`.includes('use_dpop_nonce');
