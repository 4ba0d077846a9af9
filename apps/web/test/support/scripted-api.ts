import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface ReceivedRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Handler = (response: ServerResponse, request: ReceivedRequest) => void;

const empty: Handler = (response) => void response.writeHead(200).end();

/** Another server, which answers as a test tells it to. */
export class ScriptedApi {
  readonly received: ReceivedRequest[] = [];
  answer: Handler = empty;
  private readonly server = createServer(
    (request, response) => void this.handle(request, response),
  );

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Forgets what came before. */
  reset(): void {
    this.received.length = 0;
    this.answer = empty;
  }

  json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.answer = (response) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    const received = { method, url, headers, body: await text(request) };
    this.received.push(received);
    this.answer(response, received);
  }
}
