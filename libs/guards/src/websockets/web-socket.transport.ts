import type { CredentialCarrier } from '../http/credentials.js';
import { noteAdmitted } from '../guarded-class.js';
import { InvalidToken } from '../refusals/bearer-error.js';
import { refusalMessage } from '../refusals/refusal-message.js';
import type { Transport } from '../transport.js';
import type { Connection } from './connection.js';
import { isSocketIoClient, socketIoConnection, socketIoCredentials } from './socket-io.js';
import { isWsClient, wsConnection, wsCredentials } from './ws.js';

/**
 * Messages to gateways, by Socket.IO and by ws. The credentials are those of the handshake: its `Authorization`
 * header or, for Socket.IO, `auth: { token }`.
 */
export function webSocketTransport(): Transport {
  return {
    contextType: 'ws',
    carrier: (context) => credentialsOf(context.getArgByIndex(0)),
    admitted: noteAdmitted,
    refuse(refusal, host, challenge) {
      const ws = host.switchToWs();
      const connection = connectionOf(ws.getClient());
      const cause = { pattern: ws.getPattern(), data: ws.getData() };
      const message = { ...refusalMessage(refusal, challenge), cause };
      connection?.tell(message);
      acknowledge(host.getArgs(), message);
      if (refusal instanceof InvalidToken) connection?.close();
    },
  };
}

/** A connection that came past the gate has none here, and its messages are refused. */
function credentialsOf(peer: object): CredentialCarrier {
  if (isSocketIoClient(peer)) return socketIoCredentials(peer);
  return wsCredentials(peer) ?? { headers: {} };
}

function connectionOf(client: object): Connection | undefined {
  if (isSocketIoClient(client)) return socketIoConnection(client);
  return isWsClient(client) ? wsConnection(client) : undefined;
}

/** Socket.IO passes on what a client may be waiting for. */
function acknowledge(args: unknown[], message: object): void {
  args.find(isAcknowledgement)?.(message);
}

function isAcknowledgement(argument: unknown): argument is (message: object) => void {
  return typeof argument === 'function';
}
