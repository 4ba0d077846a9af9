import { createServer } from 'node:http';
import { TestIssuer } from '../../testing/index.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';
import { aKeySet } from '../support/factories.js';

describe('discovery (RFC 8414)', () => {
  let issuer: TestIssuer;

  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(() => issuer.close());

  const build = (options: { issuer: string; jwksUri?: string }) =>
    aKeySet({ ...issuer.options, ...options });

  it('finds the key set in the metadata of the issuer', async () => {
    expect(await build(issuer.options).find(issuer.signingKey.kid)).toBeDefined();
  });

  it('fetches no metadata if `jwksUri` is set', async () => {
    const keys = build({ issuer: 'https://other.example', jwksUri: issuer.jwksUri });
    expect(await keys.find(issuer.signingKey.kid)).toBeDefined();
  });

  it('refuses metadata of another issuer (RFC 8414 §3.3)', async () => {
    const alias = issuer.issuer.replace('127.0.0.1', 'localhost');
    await expect(build({ issuer: alias }).ready()).rejects.toHaveProperty(
      'code',
      'keys_unavailable',
    );
    expect(issuer.fetches).toBe(0);
  });

  it('fetches by the option `fetch`, for example through a proxy', async () => {
    const jwksUri = 'https://keys.example/.well-known/jwks.json';
    const keys = aKeySet({
      ...issuer.options,
      jwksUri,
      fetch: (url, init) => fetch(url.replace('https://keys.example', issuer.issuer), init),
    });
    expect(await keys.find(issuer.signingKey.kid)).toBeDefined();
    expect(issuer.fetches).toBe(1);
  });

  it('refuses a jwks_uri without https', async () => {
    const server = createServer((request, response) => {
      const metadata = {
        issuer: `http://${request.headers.host}`,
        jwks_uri: 'http://10.0.0.1/keys',
      };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata));
    });
    const failure = await build({ issuer: await listenOnLoopback(server) })
      .ready()
      .catch((error: unknown) => error);
    await closeServer(server);

    expect(failure).toMatchObject({
      cause: { message: expect.stringContaining('must use https') },
    });
  });
});
