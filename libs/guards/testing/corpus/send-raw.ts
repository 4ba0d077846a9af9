import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import type { ReceivedAnswer } from './answer.js';
import type { CorpusRequest } from './corpus-case.js';

/** Writes headers to a socket as they are: Node's client would refuse to. */
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
  return parse(await text(socket));
}

async function connect({ protocol, hostname, port }: URL): Promise<Socket> {
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, servername: host, port: Number(port || (isTls ? 443 : 80)) };
  const socket = isTls ? connectTls(address) : connectTcp(address);
  await once(socket, isTls ? 'secureConnect' : 'connect');
  return socket;
}

function parse(answer: string): ReceivedAnswer {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1];
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0),
    challenge: header('www-authenticate'),
    contentType: header('content-type'),
    body,
  };
}
