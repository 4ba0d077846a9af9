import { execFileSync } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setImmediate } from 'node:timers/promises';
import { type Fetch, fetchJson } from '../../src/core/bounded-fetch.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

const LIMITS = { timeoutMs: 2000, maxBytes: 1024 };
const KEYS = '{"keys":[]}';

/** Fetches once from a server with this listener. */
async function fetchFrom(listener: RequestListener, timeoutMs = 2000): Promise<unknown> {
  const server = createServer(listener);
  try {
    return await fetchJson(`${await listenOnLoopback(server)}/keys`, { ...LIMITS, timeoutMs });
  } finally {
    await closeServer(server);
  }
}

/** A private key and its certificate, as one PEM text. */
function makeSelfSignedCertificate(): { key: string; cert: string } {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const output = ['-keyout', '-', '-out', '-', '-subj', '/CN=localhost'];
  const pem = execFileSync('openssl', ['req', '-x509', ...curve, ...output], { stdio: 'pipe' });
  return { key: pem.toString(), cert: pem.toString() };
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

  it('repeats a fetch whose deadline ended while the process stood still', async () => {
    const fetching = fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/json').end(KEYS);
    }, 250);
    await setImmediate();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1600);
    await expect(fetching).resolves.toMatchObject({ body: { keys: [] } });
  });
});

describe('message of a failed fetch', () => {
  it('names the refused connection', async () => {
    const server = createServer();
    const origin = await listenOnLoopback(server);
    await closeServer(server);
    await expect(fetchJson(origin, LIMITS)).rejects.toThrow(/cannot be fetched: .*ECONNREFUSED/);
  });

  it('names the unknown host', async () => {
    const url = 'http://nowhere.invalid/keys';
    await expect(fetchJson(url, LIMITS)).rejects.toThrow(/nowhere\.invalid.*(ENOTFOUND|EAI_AGAIN)/);
  });

  it('names the fault of the certificate', async () => {
    const server = createTlsServer(makeSelfSignedCertificate());
    const origin = await listenOnLoopback(server);
    const fetching = fetchJson(origin.replace('http:', 'https:'), LIMITS);
    await expect(fetching).rejects.toThrow('self-signed certificate');
    await closeServer(server);
  });

  it('names the deadline', async () => {
    const fetching = fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/json').write(' ');
    }, 200);
    await expect(fetching).rejects.toThrow('no answer within 200 ms');
  });

  it('names the media type and those that are accepted (RFC 7517 §8.5)', async () => {
    const fetching = fetchFrom((_request, response) => {
      response.setHeader('content-type', 'application/octet-stream').end(KEYS);
    });
    await expect(fetching).rejects.toThrow(
      'answered with application/octet-stream, not application/json, application/jwk-set+json',
    );
  });
});

describe('option `fetch`', () => {
  it('replaces the fetch of Node, and its redirects are refused as well', async () => {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/keys') return response.writeHead(302, { location: '/moved' }).end();
      return response.end(KEYS);
    });
    const origin = await listenOnLoopback(server);
    const urls: string[] = [];
    const following: Fetch = (url, init) => {
      urls.push(url);
      return fetch(url, { ...init, redirect: 'follow' });
    };
    const limits = { ...LIMITS, fetch: following };

    await expect(fetchJson(`${origin}/keys`, limits)).rejects.toThrow('a redirect');
    await expect(fetchJson(`${origin}/moved`, limits)).resolves.toBeDefined();
    expect(urls).toEqual([`${origin}/keys`, `${origin}/moved`]);
    await closeServer(server);
  });
});
