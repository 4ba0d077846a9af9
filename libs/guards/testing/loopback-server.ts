import { once } from 'node:events';
import type { Server } from 'node:http';

/** Listens on the loopback interface and returns the origin. With port 0 the system chooses a free port. */
export async function listenOnLoopback(server: Server, port = 0): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('The server has no TCP address');
  return `http://127.0.0.1:${address.port}`;
}

/** Closes the server and every connection, also connections with a pending response. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** Lets the process exit while the server listens, because a test that fails early does not close it. */
export function unrefServer(server: Server): void {
  server.on('connection', (socket) => socket.unref()).unref();
}
