import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import type { ReceivedAnswer } from './support/answer.js';
import type { CorpusRequest } from './support/corpus-case.js';

/** Writes headers to a socket unchanged. Node's HTTP client would refuse some of them. */
export async function sendRaw(
  url: URL,
  { method = 'GET', headers, path = url.pathname + url.search }: CorpusRequest,
  signal: AbortSignal,
): Promise<ReceivedAnswer> {
  const lines = [['Host', url.host], ...headers, ['Connection', 'close']];
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const socket = await connect(url);
  signal.addEventListener('abort', () => socket.destroy());
  socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n`, 'latin1');
  return parseRawAnswer(await text(socket));
}

async function connect({ protocol, hostname, port }: URL): Promise<Socket> {
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, servername: host, port: Number(port || (isTls ? 443 : 80)) };
  const socket = isTls ? connectTls(address) : connectTcp(address);
  await once(socket, isTls ? 'secureConnect' : 'connect');
  return socket;
}

function parseRawAnswer(answer: string): ReceivedAnswer {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1];
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    challenge: header('www-authenticate'),
    contentType: header('content-type'),
    body,
  };
}

const TIMEOUT_MS = 10_000;

const NO_ANSWER: ReceivedAnswer = {
  status: 0,
  challenge: undefined,
  contentType: undefined,
  body: '',
};

/** Returns the answer, or status 0 when the connection closes or ten seconds pass without an answer. */
export async function send(url: URL, request: CorpusRequest): Promise<ReceivedAnswer> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await (request.raw ? sendRaw : sendHttp)(url, request, deadline);
  } catch {
    return NO_ANSWER;
  }
}

async function sendHttp(url: URL, request: CorpusRequest, signal: AbortSignal) {
  const { method = 'GET', headers, path = url.pathname + url.search, body } = request;
  const http = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // A flat list of names and values can repeat a header. The path is sent unchanged.
  const list = [['Host', url.host], ...headers].flat();
  const outgoing = http(url, { method, path, headers: list, agent: false, signal });
  outgoing.end(body);
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (!response) throw new Error('No response');
  return {
    status: response.statusCode ?? 0,
    challenge: response.headers['www-authenticate'],
    contentType: response.headers['content-type'],
    body: await text(response),
  };
}
