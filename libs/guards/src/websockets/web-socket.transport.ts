import type { CredentialCarrier } from '../nest/credentials.js';
import { markAdmitted } from '../nest/guarded-class.js';
import { InvalidToken } from '../nest/bearer-error.js';
import { buildErrorMessage } from '../transports/messages.js';
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
