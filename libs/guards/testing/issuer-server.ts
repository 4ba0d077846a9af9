import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

export type Answer = RequestListener;

const METADATA_PATH = '/.well-known/oauth-authorization-server';
const KEY_SET_PATH = '/.well-known/jwks.json';

/** The HTTP side of a test issuer: metadata (RFC 8414) and key set (RFC 7517). */
export class IssuerServer {
  /** Takes the place of the key set while it is defined. */
  answer: Answer | undefined;
  fetches = 0;
  origin = '';
  private keys: () => readonly object[] = () => [];
  private readonly server = createServer((request, response) => this.route(request, response));

  static async listen(): Promise<IssuerServer> {
    const issuer = new IssuerServer();
    issuer.server.listen(0, '127.0.0.1');
    await once(issuer.server, 'listening');
    const address = issuer.server.address();
    if (!address || typeof address === 'string') throw new Error('No TCP address');
    issuer.origin = `http://127.0.0.1:${address.port}`;
    return issuer;
  }

  get jwksUri(): string {
    return this.origin + KEY_SET_PATH;
  }

  publish(keys: () => readonly object[]): void {
    this.keys = keys;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private readonly route: RequestListener = (request, response) => {
    if (request.url === METADATA_PATH) {
      const metadata = { issuer: this.origin, jwks_uri: this.jwksUri };
      return response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata));
    }
    if (request.url !== KEY_SET_PATH) return response.writeHead(404).end();
    this.fetches += 1;
    if (this.answer) return this.answer(request, response);
    response.setHeader('content-type', 'application/jwk-set+json');
    return response.end(JSON.stringify({ keys: this.keys() }));
  };
}
