import { Logger } from '@nestjs/common';
import type { CredentialCarrier } from '../nest/credentials.js';
import type { Connection } from './connection.js';
import type { ConnectionGate } from './connection-gate.js';

/** What Socket.IO calls a socket, as far as it matters here. */
export interface SocketIoClient {
  readonly handshake: { readonly auth: Readonly<Record<string, unknown>> };
  /** Of HTTP, by which the client came. */
  readonly request: CredentialCarrier;
  emit(event: string, data: object): unknown;
  disconnect(): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

/** A server or one of its namespaces. */
export interface SocketIoServer {
  /** Of a namespace. */
  readonly server?: { readonly opts: object };
  readonly opts?: object;
  use(middleware: (client: SocketIoClient, next: (refusal?: Error) => void) => void): unknown;
  on(event: 'connection', listener: (client: SocketIoClient) => void): unknown;
}

export function isSocketIoServer(server: object): server is SocketIoServer {
  return 'use' in server && typeof server.use === 'function';
}

export function isSocketIoClient(client: object): client is SocketIoClient {
  return 'handshake' in client && 'disconnect' in client;
}

/** Before a client is connected: it gets `connect_error` instead. */
export function guardSocketIo(server: SocketIoServer, gate: ConnectionGate): void {
  disableRecovery(server.server?.opts ?? server.opts ?? {});
  server.use((client, next) => {
    gate.authenticate(client).then(() => next(), next);
  });
  server.on('connection', (client) => gate.closeOnExpiry(toSocketIoConnection(client), client));
}

/** A client that comes back would be sent what it missed before anybody asks for its token. */
function disableRecovery(options: object): void {
  if (!Reflect.get(options, 'connectionStateRecovery')) return;
  Reflect.deleteProperty(options, 'connectionStateRecovery');
  new Logger('GuardedGateway').warn(
    'Socket.IO is told not to recover connections: it would do so before their tokens are verified',
  );
}

/** Browsers can set no header of a WebSocket and send `auth: { token }`. Others may send either, and not both. */
export function readSocketIoCredentials({ handshake, request }: SocketIoClient): CredentialCarrier {
  const { token } = handshake.auth;
  if (token === undefined) return request;
  const { headers, url } = request;
  const sent = `Bearer ${typeof token === 'string' ? token : ''}`;
  const { authorization } = headers;
  return { headers: { authorization: authorization === undefined ? sent : [sent] }, url };
}

export function toSocketIoConnection(client: SocketIoClient): Connection {
  return {
    client,
    sendError: (message) => client.emit('exception', message),
    close: () => client.disconnect(),
    onceClosed: (listener) => client.once('disconnect', listener),
  };
}
