import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { generateSigningKey } from '../../testing/index.js';

/** A fault and the listener that causes it. No fault is a valid answer that withdraws a key. */
export type Fault = readonly [name: string, answer: RequestListener];

const MEGABYTE = ' '.repeat(2 ** 20);
const GZIP_BOMB = gzipSync(`{"keys":[${MEGABYTE.repeat(32)}]}`);

const { publicJwk } = generateSigningKey('ES256');
const unusable = [
  { ...publicJwk, use: 'enc' },
  { ...publicJwk, alg: 'ES384' },
  { ...publicJwk, kid: undefined },
  { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' },
];

const json =
  (body: string): RequestListener =>
  (_request, response) =>
    asJson(response).end(body);

function asJson(response: ServerResponse): ServerResponse {
  return response.setHeader('content-type', 'application/json');
}

/** Writes as fast as the client reads, until all is written or the client disconnects. */
function streamMegabytes(response: ServerResponse, megabytes: number): void {
  let remaining = megabytes;
  const write = () => {
    while (remaining > 0 && response.writable && response.write(MEGABYTE)) remaining -= 1;
    if (remaining === 0) response.end(']}');
  };
  response.on('drain', write);
  write();
}

export const faults: readonly Fault[] = [
  ['the server never answers', () => undefined],
  ['the server stalls after the headers', (_request, response) => asJson(response).flushHeaders()],
  [
    'the server stalls in the body',
    (_request, response) => void asJson(response).write('{"keys":['),
  ],
  [
    'the server sends one byte at a time',
    (_request, response) => {
      asJson(response).flushHeaders();
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
  ],
  ['the server closes the connection', (request) => request.socket.destroy()],
  [
    'the server aborts in the body',
    (_request, response) => {
      asJson(response).setHeader('content-length', 999);
      response.write('{"keys":[', () => response.destroy());
    },
  ],
  [
    'the server aborts a chunked body after a complete JSON text',
    (_request, response) => asJson(response).write('{"keys":[]}', () => response.destroy()),
  ],
  ['the server does not speak HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n')],
  ['the server answers 500', (_request, response) => response.writeHead(500).end('{"keys":[]}')],
  [
    'the server answers 429',
    (_request, response) => response.writeHead(429, { 'retry-after': '1' }).end(),
  ],
  ['the server answers 204', (_request, response) => response.writeHead(204).end()],
  [
    'the server answers with HTML',
    (_request, response) => response.setHeader('content-type', 'text/html').end('<p>Sorry</p>'),
  ],
  [
    'the server answers with 100 MB',
    (_request, response) => {
      asJson(response).write('{"keys":[');
      streamMegabytes(response, 100);
    },
  ],
  [
    'the server answers with 32 MB compressed to 32 kB',
    (_request, response) => asJson(response).setHeader('content-encoding', 'gzip').end(GZIP_BOMB),
  ],
  [
    'the server redirects to a valid key set',
    (_request, response) => response.writeHead(302, { location: '/moved' }).end(),
  ],
  [
    'the server redirects in a circle',
    (_request, response) => response.writeHead(307, { location: '/keys' }).end(),
  ],
  ['the key set is empty', json('{"keys":[]}')],
  ['`keys` is null', json('{"keys":null}')],
  ['`keys` is an object', json('{"keys":{"0":{}}}')],
  ['`keys` is missing', json('{}')],
  ['the server answers with null', json('null')],
  ['the key set is truncated', json('{"keys":[{"kty":"EC",')],
  ['`keys` is repeated', json('{"keys":[],"keys":[]}')],
  ['the key set has only unusable keys', json(JSON.stringify({ keys: unusable }))],
];
