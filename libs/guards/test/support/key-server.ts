import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

/** A key server that answers as it is told, and counts what is asked of it. */
export class KeyServer {
  fetches = 0;
  /** Over connections that have been closed. */
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
      // Whoever follows a redirect is answered well, so that following one shows.
      if (request.url !== '/keys') return answer(request, response);
      this.fetches += 1;
      return this.answer(request, response);
    });
  }

  /** @param well how it answers at first, and at every other address */
  static async listen(well: RequestListener): Promise<KeyServer> {
    const server = createServer();
    return new KeyServer(server, await listenOnLoopback(server), well);
  }

  /** Resolves when no more than this many connections are open: the far end learns of a close a little later. */
  async waitForConnectionsBelow(most: number): Promise<void> {
    while ((await this.connections()) > most) await setTimeout(5);
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
