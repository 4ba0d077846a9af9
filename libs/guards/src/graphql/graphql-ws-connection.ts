import type { CredentialCarrier } from '../nest/credentials.js';
import { closeOnExpiry, getProperty } from '../nest/transport.js';

export function isRequest(value: unknown): value is CredentialCarrier {
  const headers = getProperty(value, 'headers');
  return typeof headers === 'object' && headers !== null;
}

/** CloseCode.Forbidden of graphql-ws. Its client reconnects after it, with a new token. */
const FORBIDDEN = 4403;

export interface ClosableSocket {
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
export interface GraphqlWsConnection {
  /** The payload of `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly extra: { readonly socket: ClosableSocket; readonly request: CredentialCarrier };
}

/** Nest stores the connection as `req` of the context, unless the application replaces it. */
export function findConnection(context: unknown): GraphqlWsConnection | undefined {
  const req = getProperty(context, 'req');
  return isConnection(req) ? req : undefined;
}

/** Browsers cannot set headers of a WebSocket, so they send `connectionParams`. Sending both is refused. */
export function readConnectionCredentials(connection: GraphqlWsConnection): CredentialCarrier {
  const { connectionParams = {}, extra } = connection;
  const { headers, url } = extra.request;
  const sent = Object.entries(connectionParams)
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => value);
  if (sent.length === 0) return extra.request;
  const isOnly = sent.length === 1 && headers['authorization'] === undefined;
  const authorization = isOnly && typeof sent[0] === 'string' ? sent[0] : sent.map(String);
  return { headers: { authorization }, url };
}

function isConnection(value: unknown): value is GraphqlWsConnection {
  const extra = getProperty(value, 'extra');
  return (
    typeof getProperty(getProperty(extra, 'socket'), 'close') === 'function' &&
    isRequest(getProperty(extra, 'request'))
  );
}
