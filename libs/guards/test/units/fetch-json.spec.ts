import { createServer, type RequestListener } from 'node:http';
import { fetchJson } from '../../src/core/bounded-fetch.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

const LIMITS = { timeoutMs: 2000, maxBytes: 1024 };
const KEYS = '{"keys":[]}';

/** What one fetch from this server gives. */
async function fetchFrom(listener: RequestListener): Promise<unknown> {
  const server = createServer(listener);
  try {
    return await fetchJson(`${await listenOnLoopback(server)}/keys`, LIMITS);
  } finally {
    await closeServer(server);
  }
}

describe('one fetch', () => {
  it('gives the object and its Cache-Control', async () => {
    const answer = await fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/jwk-set+json; charset=utf-8');
      response.setHeader('cache-control', 'max-age=60').end(KEYS);
    });
    expect(answer).toEqual({ body: { keys: [] }, cacheControl: 'max-age=60' });
  });

  it('follows no redirect, not even to a good key set', async () => {
    const fetching = fetchFrom((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/moved') return response.end(KEYS);
      return response.writeHead(302, { location: '/moved' }).end();
    });
    await expect(fetching).rejects.toThrow();
  });

  it.each(['text/html', 'text/plain', 'application/jsonp', ''])(
    'refuses the content type "%s", whatever the body is',
    async (type) => {
      const fetching = fetchFrom((_request, response) => {
        response.setHeader('content-type', type).end(KEYS);
      });
      await expect(fetching).rejects.toThrow('answered');
    },
  );

  it.each([201, 206, 404, 500])('refuses status %i', async (status) => {
    const fetching = fetchFrom((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(KEYS);
    });
    await expect(fetching).rejects.toThrow(`${status}`);
  });

  it.each([
    [1024, 'is read'],
    [1025, 'is refused'],
  ])('an answer of %i bytes %s when 1,024 are allowed', async (bytes, verdict) => {
    const fetching = fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/json').end(KEYS.padEnd(bytes));
    });
    if (verdict === 'is read') await expect(fetching).resolves.toBeDefined();
    else await expect(fetching).rejects.toThrow('larger than 1024 bytes');
  });
});
