import type { CredentialCarrier } from '../nest/credentials.js';
import { type Connection, HandshakeError } from './connection.js';
import type { ConnectionGate } from './connection-gate.js';

/** Codes 4000 to 4999 are for applications (RFC 6455 §7.4.2). 4401 corresponds to HTTP 401. */
const UNAUTHORIZED = 4401;

interface WsClient {
  send(data: string): void;
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

type VerifyClientCallback = (
  isAdmitted: boolean,
  status?: number,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => void;

interface Handshake {
  readonly req: CredentialCarrier;
}

/** ws looks at the number of parameters: with one, the function returns its result. */
type VerifyClient = (handshake: Handshake, answer: VerifyClientCallback) => unknown;

interface WsServer {
  readonly options: { verifyClient?: VerifyClient | null };
  on(
    event: 'connection',
    listener: (client: WsClient, request: CredentialCarrier) => void,
  ): unknown;
}

export function isWsServer(server: object): server is WsServer {
  return 'handleUpgrade' in server && 'options' in server;
}

/** The handshake request of each client, which ws does not keep. */
const requests = new WeakMap<object, CredentialCarrier>();

/** Authenticates before the upgrade. A refused client gets an HTTP response (RFC 6455 §4.2.2). */
export function guardWs(server: WsServer, gate: ConnectionGate): void {
  const { verifyClient } = server.options;
  server.options.verifyClient = (handshake, answer) => {
    gate
      .authenticate(handshake.req)
      .then(() => callVerifyClient(verifyClient, handshake, answer))
      .catch((error: unknown) => rejectUpgrade(HandshakeError.from(error), answer));
  };
  server.on('connection', (client, request) => {
    requests.set(client, request);
    gate.closeOnExpiry(toWsConnection(client), request);
  });
}

/** Calls the application's own check afterwards. */
function callVerifyClient(
  verifyClient: WsServer['options']['verifyClient'],
  handshake: Handshake,
  answer: VerifyClientCallback,
): void {
  if (!verifyClient) return answer(true);
  const isAdmitted = verifyClient(handshake, answer);
  if (verifyClient.length < 2) answer(isAdmitted === true);
}

function rejectUpgrade(
  { status, message, headers }: HandshakeError,
  answer: VerifyClientCallback,
): void {
  const body = JSON.stringify({ type: 'about:blank', title: message, status });
  answer(false, status, body, { 'Content-Type': 'application/problem+json', ...headers });
}

/** The credentials of a client, or of a request before the upgrade. */
export function findWsCredentials(peer: object): CredentialCarrier | undefined {
  return requests.get(peer) ?? (isRequest(peer) ? peer : undefined);
}

function isRequest(peer: object): peer is CredentialCarrier {
  return 'headers' in peer;
}

export function isWsClient(client: object): client is WsClient {
  return requests.has(client);
}

export function toWsConnection(client: WsClient): Connection {
  return {
    client,
    sendError: (message) => client.send(JSON.stringify({ event: 'exception', data: message })),
    close: () => client.close(UNAUTHORIZED, 'invalid_token'),
    onceClosed: (listener) => client.once('close', listener),
  };
}
