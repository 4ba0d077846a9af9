import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const ALGORITHM = 'ES256';

/** An authorization server that publishes its metadata and its keys, and signs any token. */
export class TestIssuer {
  /** How often the key set was requested. */
  keySetRequests = 0;
  url = '';
  private readonly server = createServer((request, response) => {
    const isKeySet = request.url === '/jwks';
    if (isKeySet) this.keySetRequests += 1;
    const metadata = { issuer: this.url, jwks_uri: `${this.url}/jwks` };
    const body = JSON.stringify(isKeySet ? { keys: [this.publicJwk] } : metadata);
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });

  private constructor(
    readonly publicJwk: JWK,
    private readonly privateKey: Parameters<SignJWT['sign']>[0],
  ) {}

  static async create(): Promise<TestIssuer> {
    const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
    const jwk = { ...(await exportJWK(publicKey)), kid: 'a-key', alg: ALGORITHM, use: 'sig' };
    return new TestIssuer(jwk, privateKey);
  }

  /** Listens on a free port at first, and later on the same port again. */
  async start(): Promise<void> {
    this.server.listen(this.url === '' ? 0 : Number(new URL(this.url).port), '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  sign(claims: JWTPayload, header: object = {}): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: 'a-key', typ: 'logout+jwt', ...header })
      .sign(this.privateKey);
  }
}
