import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { freePort } from '@gatehouse/service-kit/testing';
import { cleanUpAfterTests } from '../support/cleanup.js';

/** A refresh that auth has done and whose answer waits at the gate. */
interface HeldAnswer {
  readonly release: () => void;
}

/** A proxy between the tools and auth, which counts refreshes and can hold their answers back. */
export class AuthGate {
  /** Refreshes that auth has answered with 200. */
  refreshes = 0;
  /** Bodies of all answers of the token endpoint: with the tokens that no browser may see. */
  readonly tokenAnswers: string[] = [];
  private readonly held: HeldAnswer[] = [];
  private isHolding = false;
  private isDown = false;
  url = '';

  private constructor(private readonly target: () => string) {}

  /** @param target the address of auth, asked at each request */
  static async start(target: () => string): Promise<AuthGate> {
    const gate = new AuthGate(target);
    const server = createServer((request, response) => void gate.handle(request, response));
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    gate.url = `http://127.0.0.1:${port}`;
    cleanUpAfterTests(() => closeServer(server));
    return gate;
  }

  /** Holds the answers of refreshes that come from now on. */
  hold(): void {
    this.isHolding = true;
  }

  get heldAnswers(): number {
    return this.held.length;
  }

  /** Lets all held answers go, and later ones pass. */
  release(): void {
    this.isHolding = false;
    for (const { release } of this.held.splice(0)) release();
  }

  setDown(isDown: boolean): void {
    this.isDown = isDown;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isDown) return void response.destroy();
    const { method = 'GET', url = '/', headers } = request;
    const body = await buffer(request);
    const { host: _host, connection: _connection, 'content-length': _length, ...passed } = headers;
    const answer = await fetch(`${this.target()}${url}`, {
      method,
      headers: passed as Record<string, string>,
      redirect: 'manual',
      ...(body.length > 0 && { body }),
    });
    const text = await answer.text();
    if (url.endsWith('/oauth/token')) await this.observe(body.toString(), answer.status, text);
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, { ...(type && { 'content-type': type }) }).end(text);
  }

  private async observe(body: string, status: number, text: string): Promise<void> {
    this.tokenAnswers.push(text);
    if (!body.includes('grant_type=refresh_token')) return;
    if (status === 200) this.refreshes += 1;
    if (this.isHolding) await new Promise<void>((release) => this.held.push({ release }));
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
