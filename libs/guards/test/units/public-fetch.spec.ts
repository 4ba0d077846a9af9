import { createServer, type RequestListener } from 'node:http';
import { fetchBounded, fetchJson } from '../../src/core/bounded-fetch.js';
import { createPublicFetch, isPrivateAddress } from '../../src/issuers-at-run-time/public-fetch.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

/** The test server has a loopback address, so these fetches refuse another one. */
const fetch = createPublicFetch((address) => address === '10.0.0.1');

async function withServer<T>(answer: RequestListener, use: (origin: string) => Promise<T>) {
  const server = createServer(answer);
  try {
    return await use(await listenOnLoopback(server));
  } finally {
    await closeServer(server);
  }
}

const LIMITS = { timeoutMs: 2000, maxBytes: 1024, fetch };

describe('An address', () => {
  it.each([
    ...['127.0.0.1', '127.8.8.8', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '0.0.0.0', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:a00:1', '::7f00:1', 'fe80::1', 'fd00:ec2::254'],
    ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'ff02::1', 'fec0::1'],
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('A fetch from public addresses', () => {
  it.each(['127.0.0.1', 'localhost', '0x7f.1', '[::ffff:127.0.0.1]'])(
    'does not connect to %s, which has a private address',
    async (host) => {
      let connections = 0;
      const count: RequestListener = (_request, response) => {
        connections += 1;
        response.end();
      };
      await withServer(count, async (origin) => {
        const address = `http://${host}:${new URL(origin).port}/`;
        const fetching = createPublicFetch(isPrivateAddress)(address, {});
        await expect(fetching).rejects.toThrow('private address');
      });
      expect(connections).toBe(0);
    },
  );

  it('refuses a private address also where the application has a fetch of its own', async () => {
    const own = () => Promise.resolve(new Response());
    const fetching = createPublicFetch(isPrivateAddress, own);
    await expect(fetching('http://10.0.0.1/', {})).rejects.toThrow('private address');
    expect((await fetching('https://proxied.example/', {})).status).toBe(200);
  });

  it('reads a document with its headers, by address and by name', async () => {
    const answer: RequestListener = (request, response) => {
      response.setHeader('content-type', 'application/json').setHeader('cache-control', 'no-store');
      response.end(JSON.stringify({ accept: request.headers.accept }));
    };
    const documents = await withServer(answer, (origin) => {
      const named = origin.replace('127.0.0.1', 'localhost');
      return Promise.all([fetchJson(origin, LIMITS), fetchJson(named, LIMITS)]);
    });
    const body = { accept: 'application/json, application/jwk-set+json' };
    expect(documents).toEqual([1, 2].map(() => ({ body, cacheControl: 'no-store' })));
  });

  it('a conditional request gets 304 without a body (RFC 9110 §15.4.5)', async () => {
    const request = { headers: { 'if-none-match': '"1"' }, contentType: /./ };
    const { body } = await withServer(
      (_request, response) => response.writeHead(304).end(),
      (origin) => fetchBounded(origin, request, LIMITS),
    );
    expect(body).toBeUndefined();
  });

  it.each<[string, RequestListener, string]>([
    ['a redirect', (_, response) => response.writeHead(302, { location: '/' }).end(), 'status 302'],
    ['too many bytes', (_, response) => json(response).end('x'.repeat(2000)), 'larger than'],
    ['a body without an end', (_, response) => json(response).write('{'), 'no answer within'],
    ['no answer', () => undefined, 'no answer within'],
    ['a closed connection', (request) => request.socket.destroy(), 'cannot be fetched'],
  ])('fails with %s', async (_name, answer, words) => {
    await withServer(answer, async (origin) => {
      const isLate = words === 'no answer within';
      const fetching = fetchJson(origin, { ...LIMITS, timeoutMs: isLate ? 50 : 10_000 });
      await expect(fetching).rejects.toThrow(words);
    });
  });
});

function json(response: Parameters<RequestListener>[1]) {
  return response.setHeader('content-type', 'application/json');
}
