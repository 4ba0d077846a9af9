import { createServer, type RequestListener } from 'node:http';
import { fetchJson } from '../../src/core/bounded-fetch.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

const LIMITS = { timeoutMs: 2000, maxBytes: 1024 };
const KEYS = '{"keys":[]}';

/** Fetches once from a server with this listener. */
async function fetchFrom(listener: RequestListener): Promise<unknown> {
  const server = createServer(listener);
  try {
    return await fetchJson(`${await listenOnLoopback(server)}/keys`, LIMITS);
  } finally {
    await closeServer(server);
  }
}

describe('fetchJson', () => {
  it('returns the object and its Cache-Control', async () => {
    const answer = await fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/jwk-set+json; charset=utf-8');
      response.setHeader('cache-control', 'max-age=60').end(KEYS);
    });
    expect(answer).toEqual({ body: { keys: [] }, cacheControl: 'max-age=60' });
  });

  it('follows no redirect, not even to a valid key set', async () => {
    const fetching = fetchFrom((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/moved') return response.end(KEYS);
      return response.writeHead(302, { location: '/moved' }).end();
    });
    await expect(fetching).rejects.toThrow();
  });

  it.each(['text/html', 'text/plain', 'application/jsonp', ''])(
    'refuses the content type "%s" with a valid body',
    async (type) => {
      const fetching = fetchFrom((_request, response) => {
        response.setHeader('content-type', type).end(KEYS);
      });
      await expect(fetching).rejects.toThrow('answered');
    },
  );

  it.each([201, 206, 404, 500])('refuses the status %i', async (status) => {
    const fetching = fetchFrom((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(KEYS);
    });
    await expect(fetching).rejects.toThrow(`${status}`);
  });

  it.each([
    ['accepts', 1024],
    ['refuses', 1025],
  ])('%s an answer of %i bytes when the limit is 1,024', async (verdict, bytes) => {
    const fetching = fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/json').end(KEYS.padEnd(bytes));
    });
    if (verdict === 'accepts') await expect(fetching).resolves.toBeDefined();
    else await expect(fetching).rejects.toThrow('larger than 1024 bytes');
  });
});
