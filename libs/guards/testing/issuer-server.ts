import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { closeServer, listenOnLoopback, unrefServer } from './loopback-server.js';

export type Answer = RequestListener;

const METADATA_PATH = '/.well-known/oauth-authorization-server';
const KEY_SET_PATH = '/.well-known/jwks.json';
const STATUS_LISTS_PATH = '/status-lists';

/** The HTTP side of a test issuer: metadata (RFC 8414), key set (RFC 7517) and a status list. */
export class IssuerServer {
  /** If set, this answers requests for the key set. */
  answer: Answer | undefined;
  fetches = 0;
  origin = '';
  private keys: () => readonly object[] = () => [];
  private statusList: Answer | undefined;
  private readonly server = createServer((request, response) => this.route(request, response));

  static async listen(): Promise<IssuerServer> {
    const issuer = new IssuerServer();
    unrefServer(issuer.server);
    issuer.origin = await listenOnLoopback(issuer.server);
    return issuer;
  }

  get jwksUri(): string {
    return this.origin + KEY_SET_PATH;
  }

  publish(keys: () => readonly object[]): void {
    this.keys = keys;
  }

  get statusListUri(): string {
    return `${this.origin}${STATUS_LISTS_PATH}/1`;
  }

  publishStatusList(answer: Answer): void {
    this.statusList = answer;
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  private readonly route: RequestListener = (request, response) => {
    const { statusList } = this;
    if (request.url === METADATA_PATH) return json(response, this.metadata());
    if (statusList && request.url === STATUS_LISTS_PATH) {
      return json(response, { status_lists: [this.statusListUri] });
    }
    if (statusList && this.origin + request.url === this.statusListUri) {
      return statusList(request, response);
    }
    if (request.url !== KEY_SET_PATH) return response.writeHead(404).end();
    this.fetches += 1;
    if (this.answer) return this.answer(request, response);
    response.setHeader('content-type', 'application/jwk-set+json');
    return response.end(JSON.stringify({ keys: this.keys() }));
  };

  private metadata(): object {
    return {
      issuer: this.origin,
      jwks_uri: this.jwksUri,
      ...(this.statusList && {
        status_list_aggregation_endpoint: this.origin + STATUS_LISTS_PATH,
      }),
    };
  }
}

function json(response: ServerResponse, document: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
}
