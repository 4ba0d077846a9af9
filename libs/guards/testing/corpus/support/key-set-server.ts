import { createServer } from 'node:http';
import { closeServer, listenOnLoopback } from '../../loopback-server.js';

const KEY_SET_PATH = '/.well-known/jwks.json';

/** Publishes a key set and metadata at every well-known path (RFC 8414, OpenID Connect Discovery), and counts requests. */
export class KeySetServer {
  /** The number of requests for any path. */
  requests = 0;
  origin = '';
  private readonly server = createServer(({ url }, response) => {
    this.requests += 1;
    const document =
      url === KEY_SET_PATH ? this.keySet : { issuer: this.origin, jwks_uri: this.jwksUri };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });

  private constructor(readonly keySet: { readonly keys: readonly object[] }) {}

  /** @param port 0 chooses a free port */
  static async listen(keys: readonly object[], port: number): Promise<KeySetServer> {
    const keySetServer = new KeySetServer({ keys });
    keySetServer.origin = await listenOnLoopback(keySetServer.server, port);
    return keySetServer;
  }

  get jwksUri(): string {
    return this.origin + KEY_SET_PATH;
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }
}
