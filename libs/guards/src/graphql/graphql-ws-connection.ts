import type { CredentialCarrier } from '../http/credentials.js';
import { member } from '../member.js';
import { isRequest } from './application-context.js';
import type { ClosableSocket } from './closing-time.js';

/** What graphql-ws tells of a connection, as far as it matters here. */
export interface GraphqlWsConnection {
  /** What the client sent with `connection_init`. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly extra: { readonly socket: ClosableSocket; readonly request: CredentialCarrier };
}

/** Nest makes it the `req` of the context, unless the application puts something else there. */
export function connectionOf(context: unknown): GraphqlWsConnection | undefined {
  const req = member(context, 'req');
  return isConnection(req) ? req : undefined;
}

/** Browsers can set no header of a WebSocket and send `connectionParams`. Others may send either, and not both. */
export function credentialsOf(connection: GraphqlWsConnection): CredentialCarrier {
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
  const extra = member(value, 'extra');
  return (
    typeof member(member(extra, 'socket'), 'close') === 'function' &&
    isRequest(member(extra, 'request'))
  );
}
