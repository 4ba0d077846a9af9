import { DpopClient } from '@gatehouse/guards/testing';
import { type Answer, basic, type TestAuth } from './mothers.js';

export const ISSUER = 'http://localhost:3000';

/** What is proven for a request to the token endpoint. */
export const TOKEN = { method: 'POST', url: `${ISSUER}/oauth/token` } as const;

/** A client that proves to have its key, and does as it is told about nonces (RFC 9449 §5, §8). */
export class ProvenClient {
  readonly key: DpopClient;
  private nonce: string | undefined;

  constructor(private readonly auth: TestAuth) {
    this.key = new DpopClient({ now: () => auth.clock.now() });
  }

  get jkt(): string {
    return this.key.cnf.jkt;
  }

  /** With a good proof; of how many tries is of no interest. */
  token(parameters: Record<string, string>, as?: string): Promise<Answer> {
    return this.prove((nonce) =>
      this.send(parameters, this.key.proof({ ...TOKEN, ...nonce }), { as }),
    );
  }

  /** With whatever are its proofs. */
  send(
    parameters: Record<string, string>,
    proof: string,
    { as, at = this.auth }: { as?: string | undefined; at?: TestAuth } = {},
  ): Promise<Answer> {
    const headers = { dpop: proof, ...(as !== undefined && { authorization: basic(as) }) };
    return at.send('/oauth/token', {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers,
    });
  }

  /** Asks a route that takes access tokens. */
  get(path: string, accessToken: string): Promise<Answer> {
    const request = { method: 'GET', url: ISSUER + path, accessToken };
    return this.prove((nonce) =>
      this.auth.send(path, { headers: this.key.headers({ ...request, ...nonce }) }),
    );
  }

  /** A nonce that is good now, of which any client is told. */
  async freshNonce(as: string): Promise<{ readonly nonce: string }> {
    const { headers } = await this.send({}, 'no proof', { as });
    return { nonce: headers.get('dpop-nonce') ?? '' };
  }

  private async prove(ask: (nonce: { nonce?: string }) => Promise<Answer>): Promise<Answer> {
    const first = await ask(this.nonce === undefined ? {} : { nonce: this.nonce });
    const nonce = first.headers.get('dpop-nonce');
    if (nonce === null || nonce === this.nonce) return first;
    this.nonce = nonce;
    return isAboutNonce(first) ? ask({ nonce }) : first;
  }
}

const isAboutNonce = ({ body, headers }: Answer): boolean =>
  `${body['error']} ${headers.get('www-authenticate')}`.includes('use_dpop_nonce');
