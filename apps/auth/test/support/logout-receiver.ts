import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitUntil } from '@gatehouse/service-kit/testing';
import { decodeClaims } from './test-auth.js';

/** How the receiver answers: a status, or never. */
type Answer = number | 'never';

/** The back-channel logout endpoint of a client, on a free port. */
export class LogoutReceiver {
  /** The logout tokens of all attempts, also of those that the receiver did not accept. */
  readonly tokens: string[] = [];
  readonly requests: IncomingMessage[] = [];
  answer: Answer = 200;
  uri = '';
  private readonly server = createServer((request, response) => {
    void text(request).then((body) => {
      this.requests.push(request);
      this.tokens.push(new URLSearchParams(body).get('logout_token') ?? '');
      if (this.answer === 'never') return;
      response.writeHead(this.answer, { location: '/elsewhere' }).end('{}');
    });
  });

  static async start(port = 0): Promise<LogoutReceiver> {
    const receiver = new LogoutReceiver();
    receiver.server.listen(port, '127.0.0.1');
    await once(receiver.server, 'listening');
    const { port: actual } = receiver.server.address() as AddressInfo;
    receiver.uri = `http://127.0.0.1:${actual}/back-channel-logout`;
    return receiver;
  }

  /** The attempts for a session, by the claim `sid`. */
  tokensFor(sessionId: string): readonly string[] {
    return this.tokens.filter((token) => decodeClaims(token)['sid'] === sessionId);
  }

  /** Waits for a number of attempts for a session. @returns their tokens */
  receive(sessionId: string, count = 1): Promise<readonly string[]> {
    const found = () => {
      const tokens = this.tokensFor(sessionId);
      return Promise.resolve(tokens.length >= count ? tokens : undefined);
    };
    return waitUntil(found, {
      description: `${count} logout tokens of ${sessionId}`,
      timeoutSeconds: 20,
      intervalMs: 20,
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
