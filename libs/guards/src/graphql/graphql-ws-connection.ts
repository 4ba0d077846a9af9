import type { CredentialCarrier } from '../nest/credentials.js';
import { closeOnExpiry, getProperty } from '../nest/transport.js';

export function isRequest(value: unknown): value is CredentialCarrier {
  const headers = getProperty(value, 'headers');
  return typeof headers === 'object' && headers !== null;
}

/** CloseCode.Forbidden of graphql-ws. Its client takes it as a reason to connect again, and asks for a fresh token. */
const FORBIDDEN = 4403;

export interface ClosableSocket {
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Closes sockets when the token that they were opened with ends. One timer each, and none that outlives its socket. */
export class SocketExpiry {
  private readonly scheduled = new WeakSet<ClosableSocket>();

  /** @param remainingMs for how long the token is good, asked again at the end of every wait */
  schedule(socket: ClosableSocket, remainingMs: () => number): void {
    if (this.scheduled.has(socket)) return;
    this.scheduled.add(socket);
    const close = () => socket.close(FORBIDDEN, 'invalid_token');
    socket.once('close', closeOnExpiry(remainingMs, close));
  }
}

/** What graphql-ws tells of a connection, as far as it matters here. */
export interface GraphqlWsConnection {
  /** What the client sent with `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly extra: { readonly socket: ClosableSocket; readonly request: CredentialCarrier };
}

/** Nest makes it the `req` of the context, unless the application puts something else there. */
export function findConnection(context: unknown): GraphqlWsConnection | undefined {
  const req = getProperty(context, 'req');
  return isConnection(req) ? req : undefined;
}

/** Browsers can set no header of a WebSocket and send `connectionParams`. Others may send either, and not both. */
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
