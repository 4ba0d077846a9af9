import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

/** A key server with a replaceable answer. It counts requests and sent bytes. */
export class KeyServer {
  fetches = 0;
  /** Bytes sent over connections that are closed by now. */
  bytesSent = 0;
  readonly jwksUri: string;

  private constructor(
    private readonly server: Server,
    origin: string,
    public answer: RequestListener,
  ) {
    this.jwksUri = `${origin}/keys`;
    server.on('connection', (socket) => {
      socket.on('close', () => (this.bytesSent += socket.bytesWritten));
    });
    server.on('request', (request, response) => {
      // A followed redirect gets a valid key set, so that the test notices it.
      if (request.url !== '/keys') return answer(request, response);
      this.fetches += 1;
      return this.answer(request, response);
    });
  }

  /** @param answer the first answer for the key set, and the answer for every other path */
  static async listen(answer: RequestListener): Promise<KeyServer> {
    const server = createServer();
    return new KeyServer(server, await listenOnLoopback(server), answer);
  }

  /** Resolves when at most this many connections are open. The server notices a closed connection with a delay. */
  async waitForConnectionsBelow(maxConnections: number): Promise<void> {
    while ((await this.connections()) > maxConnections) await setTimeout(5);
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  private connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }
}
