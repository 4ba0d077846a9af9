import { Logger } from '@nestjs/common';
import type { CredentialCarrier } from '../nest/credentials.js';
import { findTokenMembers, toAuthorization } from '../transports/messages.js';
import type { Connection } from './connection.js';
import type { ConnectionGate } from './connection-gate.js';

/** The part of a Socket.IO socket that is used here. */
interface SocketIoClient {
  readonly handshake: { readonly auth: Readonly<Record<string, unknown>> };
  /** The HTTP request of the handshake. */
  readonly request: CredentialCarrier;
  emit(event: string, data: object): unknown;
  disconnect(): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

/** A server or one of its namespaces. */
interface SocketIoServer {
  /** Set on a namespace only. */
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

/** Authenticates before the client is connected. A refused client gets `connect_error`. */
export function guardSocketIo(server: SocketIoServer, gate: ConnectionGate): void {
  disableRecovery(server.server?.opts ?? server.opts ?? {});
  server.use((client, next) => {
    gate.authenticate(client).then(() => next(), next);
  });
  server.on('connection', (client) => gate.closeOnExpiry(toSocketIoConnection(client), client));
}

/** Recovery would send missed messages to a returning client before its token is checked. */
function disableRecovery(options: object): void {
  if (!Reflect.get(options, 'connectionStateRecovery')) return;
  Reflect.deleteProperty(options, 'connectionStateRecovery');
  new Logger('GuardedGateway').warn(
    'Turned off `connectionStateRecovery` of Socket.IO: it sends messages before tokens are verified',
  );
}

const ADVICE = 'Send one access token, as auth.token of the handshake';

/** Browsers cannot set headers of a WebSocket, so they send `auth: { token }`. Two different tokens are refused. */
export function readSocketIoCredentials({ handshake, request }: SocketIoClient): CredentialCarrier {
  const sent = findTokenMembers(handshake.auth);
  if (sent.length === 0) return request;
  const { headers, url } = request;
  const { authorization: header = [] } = headers;
  return {
    headers: { authorization: toAuthorization([...sent, ...[header].flat()]) },
    url,
    advice: ADVICE,
  };
}

export function toSocketIoConnection(client: SocketIoClient): Connection {
  return {
    client,
    sendError: (message) => client.emit('exception', message),
    close: () => client.disconnect(),
    onceClosed: (listener) => client.once('disconnect', listener),
  };
}
