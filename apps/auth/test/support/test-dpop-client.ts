import { DpopClient } from '@gatehouse/guards/testing';
import { type TestAuth, type TestResponse, toBasicAuthorization } from './test-auth.js';

export const ISSUER = 'http://localhost:3000';

/** What is proven for a request to the token endpoint. */
export const TOKEN_REQUEST = { method: 'POST', url: `${ISSUER}/oauth/token` } as const;

/** A client that proves to have its key, and does as it is told about nonces (RFC 9449 §5, §8). */
export class TestDpopClient {
  readonly key: DpopClient;
  private nonce: string | undefined;

  constructor(private readonly auth: TestAuth) {
    this.key = new DpopClient({ now: () => auth.clock.now() });
  }

  get jkt(): string {
    return this.key.cnf.jkt;
  }

  /** With a good proof; of how many tries is of no interest. */
  token(parameters: Record<string, string>, as?: string): Promise<TestResponse> {
    return this.sendWithNonce((nonce) =>
      this.send(parameters, this.key.proof({ ...TOKEN_REQUEST, ...nonce }), { as }),
    );
  }

  /** With whatever are its proofs. */
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

  /** Asks a route that takes access tokens. */
  get(path: string, accessToken: string): Promise<TestResponse> {
    const request = { method: 'GET', url: ISSUER + path, accessToken };
    return this.sendWithNonce((nonce) =>
      this.auth.send(path, { headers: this.key.headers({ ...request, ...nonce }) }),
    );
  }

  /** A nonce that is good now, of which any client is told. */
  async fetchNonce(as: string): Promise<{ readonly nonce: string }> {
    const { headers } = await this.send({}, 'no proof', { as });
    return { nonce: headers.get('dpop-nonce') ?? '' };
  }

  private async sendWithNonce(
    ask: (nonce: { nonce?: string }) => Promise<TestResponse>,
  ): Promise<TestResponse> {
    const first = await ask(this.nonce === undefined ? {} : { nonce: this.nonce });
    const nonce = first.headers.get('dpop-nonce');
    if (nonce === null || nonce === this.nonce) return first;
    this.nonce = nonce;
    return asksForNonce(first) ? ask({ nonce }) : first;
  }
}

const asksForNonce = ({ body, headers }: TestResponse): boolean =>
  `${body['error']} ${headers.get('www-authenticate')}`.includes('use_dpop_nonce');
