import type { CredentialCarrier } from '../nest/credentials.js';
import {
  closeOnExpiry,
  findTokenMembers,
  getProperty,
  toAuthorization,
} from '../transports/messages.js';

export function isRequest(value: unknown): value is CredentialCarrier {
  return isObject(getProperty(value, 'headers'));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** CloseCode.Forbidden of graphql-ws. Its client reconnects after it, with a new token. */
const FORBIDDEN = 4403;

interface ClosableSocket {
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Closes sockets when their token ends. Each socket has one timer, which is cancelled when the socket closes. */
export class SocketExpiry {
  private readonly scheduled = new WeakSet<ClosableSocket>();

  /** @param remainingMs returns how long the token is valid; called again after every wait */
  schedule(socket: ClosableSocket, remainingMs: () => number): void {
    if (this.scheduled.has(socket)) return;
    this.scheduled.add(socket);
    const close = () => socket.close(FORBIDDEN, 'invalid_token');
    socket.once('close', closeOnExpiry(remainingMs, close));
  }
}

/** The part of a graphql-ws connection that is used here. */
interface GraphqlWsConnection {
  /** The payload of `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly extra: { readonly socket: ClosableSocket; readonly request: CredentialCarrier };
}

/** Nest stores the connection as `req` of the context, unless the application replaces it. */
export function findConnection(context: unknown): GraphqlWsConnection | undefined {
  const req = getProperty(context, 'req');
  return isConnection(req) ? req : undefined;
}

const ADVICE = 'Send one access token, as connectionParams.authorization';

/**
 * Browsers cannot set headers of a WebSocket, so they send `connectionParams`, some of them with `headers` inside. Two
 * different tokens are refused.
 */
export function readConnectionCredentials(connection: GraphqlWsConnection): CredentialCarrier {
  const { connectionParams = {}, extra } = connection;
  const { headers, url } = extra.request;
  const inner = getProperty(connectionParams, 'headers');
  const places = [connectionParams, ...(isObject(inner) ? [inner] : [])];
  const sent = places.flatMap(findTokenMembers);
  if (sent.length === 0) return extra.request;
  const { authorization: header = [] } = headers;
  return {
    headers: { authorization: toAuthorization([...sent, ...[header].flat()]) },
    url,
    advice: ADVICE,
  };
}

function isConnection(value: unknown): value is GraphqlWsConnection {
  const extra = getProperty(value, 'extra');
  return (
    typeof getProperty(getProperty(extra, 'socket'), 'close') === 'function' &&
    isRequest(getProperty(extra, 'request'))
  );
}
