import type { RequestListener, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { generateSigningKey } from '../../testing/index.js';

/** What goes wrong, and how the key server then answers. None of it says that a key has been withdrawn. */
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

/** As fast as it is read, until it has been written or nobody reads any more. */
function streamMegabytes(response: ServerResponse, megabytes: number): void {
  let left = megabytes;
  const write = () => {
    while (left > 0 && response.writable && response.write(MEGABYTE)) left -= 1;
    if (left === 0) response.end(']}');
  };
  response.on('drain', write);
  write();
}

export const faults: readonly Fault[] = [
  ['it never answers', () => undefined],
  ['it stalls after the headers', (_request, response) => asJson(response).flushHeaders()],
  ['it stalls in the body', (_request, response) => void asJson(response).write('{"keys":[')],
  [
    'it sends one byte at a time',
    (_request, response) => {
      asJson(response).flushHeaders();
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    },
  ],
  ['it hangs up', (request) => request.socket.destroy()],
  [
    'it aborts in the body',
    (_request, response) => {
      asJson(response).setHeader('content-length', 999);
      response.write('{"keys":[', () => response.destroy());
    },
  ],
  [
    'it aborts a chunked body that is complete so far',
    (_request, response) => asJson(response).write('{"keys":[]}', () => response.destroy()),
  ],
  ['it speaks no HTTP', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n')],
  ['it answers 500', (_request, response) => response.writeHead(500).end('{"keys":[]}')],
  ['it answers 429', (_request, response) => response.writeHead(429, { 'retry-after': '1' }).end()],
  ['it answers 204', (_request, response) => response.writeHead(204).end()],
  [
    'it answers HTML',
    (_request, response) => response.setHeader('content-type', 'text/html').end('<p>Sorry</p>'),
  ],
  [
    'it answers 100 MB',
    (_request, response) => {
      asJson(response).write('{"keys":[');
      streamMegabytes(response, 100);
    },
  ],
  [
    'it answers 32 MB in 32 kB',
    (_request, response) => asJson(response).setHeader('content-encoding', 'gzip').end(GZIP_BOMB),
  ],
  [
    'it redirects to a good set',
    (_request, response) => response.writeHead(302, { location: '/moved' }).end(),
  ],
  [
    'it redirects in a circle',
    (_request, response) => response.writeHead(307, { location: '/keys' }).end(),
  ],
  ['it answers an empty set', json('{"keys":[]}')],
  ['its keys are null', json('{"keys":null}')],
  ['its keys are an object', json('{"keys":{"0":{}}}')],
  ['it has no keys', json('{}')],
  ['it answers null', json('null')],
  ['it answers half a set', json('{"keys":[{"kty":"EC",')],
  ['it answers keys twice', json('{"keys":[],"keys":[]}')],
  ['it answers only keys that must not be used', json(JSON.stringify({ keys: unusable }))],
];
