import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { introspection, type IntrospectionOptions } from '../../src/introspection/index.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

/** An authorization server with an introspection endpoint. It knows the tokens that a test registers. */
export class IntrospectionServer {
  origin = '';
  /** The answers for active tokens, by token. */
  readonly tokens = new Map<string, object>();
  readonly requests: ReceivedRequest[] = [];
  /** The most requests that were open at the same time. */
  maxOpen = 0;
  /** If set, this answers introspections after they were recorded. */
  answer: RequestListener | undefined;
  metadata: object = {};
  private open = 0;
  private readonly server = createServer((request, response) => {
    void this.route(request, response);
  });

  static async listen(): Promise<IntrospectionServer> {
    const server = new IntrospectionServer();
    server.origin = await listenOnLoopback(server.server);
    server.metadata = { issuer: server.origin, introspection_endpoint: server.endpoint };
    return server;
  }

  get endpoint(): string {
    return `${this.origin}/introspect`;
  }

  get options(): IntrospectionOptions {
    return {
      issuer: this.origin,
      endpoint: this.endpoint,
      audience: 'https://api.example',
      client: { id: 'orders', secret: 's3cret' },
    };
  }

  /** Registers an active token and returns its answer. */
  issue(token: string, changes: object = {}): object {
    const now = Math.floor(Date.now() / 1000);
    const answer = {
      active: true,
      token_type: 'Bearer',
      iss: this.origin,
      sub: 'alice',
      aud: 'https://api.example',
      client_id: 'website',
      scope: 'orders:read',
      iat: now,
      exp: now + 300,
      ...changes,
    };
    this.tokens.set(token, answer);
    return answer;
  }

  verifier(options: Partial<IntrospectionOptions> = {}) {
    return introspection({ ...this.options, ...options });
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  private readonly route = async (...[request, response]: Parameters<RequestListener>) => {
    if (request.url?.startsWith('/.well-known/')) {
      return response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(this.metadata));
    }
    const form = new URLSearchParams(await text(request));
    this.requests.push({ method: request.method, headers: request.headers, form });
    this.open += 1;
    this.maxOpen = Math.max(this.maxOpen, this.open);
    response.on('close', () => (this.open -= 1));
    if (this.answer) return this.answer(request, response);
    const answer = this.tokens.get(form.get('token') ?? '') ?? { active: false };
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  };
}

/** The code of the refusal, or the subject of the token. */
export async function outcome(
  verifier: ReturnType<typeof introspection>,
  token: string,
): Promise<unknown> {
  try {
    return (await verifier.verify(token)).subject;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}
