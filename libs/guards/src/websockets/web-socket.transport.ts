import type { CredentialCarrier } from '../nest/credentials.js';
import { markAdmitted } from '../transports/guarded-class.js';
import { InvalidToken } from '../nest/bearer-error.js';
import { buildErrorMessage } from '../transports/messages.js';
import { type AuditedApplication, CONNECTION_KEY, type Handler } from '../nest/handlers.js';
import type { Transport } from '../nest/transport.js';
import type { Connection } from './connection.js';
import { isSocketIoClient, toSocketIoConnection, readSocketIoCredentials } from './socket-io.js';
import { isWsClient, toWsConnection, findWsCredentials } from './ws.js';

/**
 * Messages to gateways, by Socket.IO and ws. The credentials come from the handshake: its `Authorization` header or, for
 * Socket.IO, `auth: { token }`.
 */
export function webSocketTransport(): Transport {
  return {
    contextType: 'ws',
    carrier: (context) => findCredentials(context.getArgByIndex(0)),
    admitted: markAdmitted,
    // A connection needs any valid token, unless decorators require more.
    defaultAccess: (handler) => (isConnection(handler) ? 'token' : undefined),
    checkHandler: checkSingleton,
    refuse(refusal, host, challenge) {
      const ws = host.switchToWs();
      const connection = findConnection(ws.getClient());
      const cause = { pattern: ws.getPattern(), data: ws.getData() };
      const message = { ...buildErrorMessage(refusal, challenge), cause };
      connection?.sendError(message);
      acknowledge(host.getArgs(), message);
      if (refusal instanceof InvalidToken) connection?.close();
    },
  };
}

function isConnection({ kind }: Handler): boolean {
  return kind.metadata === CONNECTION_KEY;
}

/** @throws Error if Nest creates an instance of the gateway for each client */
function checkSingleton(handler: Handler, { discovery }: AuditedApplication): void {
  if (!isConnection(handler)) return;
  const instances = discovery.getProviders().filter(({ metatype }) => metatype === handler.owner);
  if (instances.every((wrapper) => wrapper.isDependencyTreeStatic())) return;
  throw new Error('its gateway is created for each client, so its connections cannot be guarded');
}

/** A connection that bypassed the gate has no credentials, so its messages are refused. */
function findCredentials(peer: object): CredentialCarrier {
  if (isSocketIoClient(peer)) return readSocketIoCredentials(peer);
  return findWsCredentials(peer) ?? { headers: {} };
}

function findConnection(client: object): Connection | undefined {
  if (isSocketIoClient(client)) return toSocketIoConnection(client);
  return isWsClient(client) ? toWsConnection(client) : undefined;
}

/** Socket.IO clients may wait for an acknowledgement. */
function acknowledge(args: unknown[], message: object): void {
  args.find(isAcknowledgement)?.(message);
}

function isAcknowledgement(argument: unknown): argument is (message: object) => void {
  return typeof argument === 'function';
}
