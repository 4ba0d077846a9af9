import { once } from 'node:events';
import { createServer } from 'node:http';

const KEY_SET_PATH = '/.well-known/jwks.json';

/** Publishes a key set under every well-known metadata address (RFC 8414, OpenID Connect Discovery), and counts who asks. */
export class KeySetServer {
  /** To any address. */
  requests = 0;
  origin = '';
  private readonly server = createServer(({ url }, response) => {
    this.requests += 1;
    const document =
      url === KEY_SET_PATH ? this.keySet : { issuer: this.origin, jwks_uri: this.jwksUri };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });

  private constructor(readonly keySet: { readonly keys: readonly object[] }) {}

  /** @param port 0 for any that is free */
  static async listen(keys: readonly object[], port: number): Promise<KeySetServer> {
    const keySetServer = new KeySetServer({ keys });
    const { server } = keySetServer;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (!address || typeof address === 'string') throw new Error('No TCP address');
    keySetServer.origin = `http://127.0.0.1:${address.port}`;
    return keySetServer;
  }

  get jwksUri(): string {
    return this.origin + KEY_SET_PATH;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
