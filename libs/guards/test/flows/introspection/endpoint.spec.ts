import { generateKeyPairSync, verify } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { introspection, type IntrospectionOptions } from '../../../src/introspection/index.js';
import { describeError } from '../../../src/core/token-error.js';
import { generateSigningKey } from '../../../testing/signing-key.js';
import { IntrospectionServer, outcome } from '../../support/introspection-server.js';

let server: IntrospectionServer;

beforeEach(async () => {
  server = await IntrospectionServer.listen();
  server.issue('token');
});

afterEach(async () => server.close());

/** What the log says about a refusal: the messages of the error and of its causes. */
async function explanation(options: Partial<IntrospectionOptions> = {}): Promise<string> {
  try {
    await server.verifier(options).verify('a-secret-token');
    return 'no refusal';
  } catch (error) {
    return describeError(error);
  }
}

const json =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('A request to the introspection endpoint', () => {
  it('posts the token as a form, with HTTP Basic of form-encoded credentials (RFC 7662 §2.1, RFC 6749 §2.3.1)', async () => {
    const client = { id: 'orders:api é', secret: 'a+b%c d' };
    await server.verifier({ client }).verify('token');
    const { method, headers, form } = firstRequest();
    expect(method).toBe('POST');
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(form)).toEqual({ token: 'token', token_type_hint: 'access_token' });
    const [scheme, pair = ''] = String(headers.authorization).split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(pair, 'base64').toString()).toBe('orders%3Aapi+%C3%A9:a%2Bb%25c+d');
  });

  it.each(['ES256', 'RS256', 'Ed25519'] as const)(
    'authenticates by private_key_jwt with %s, and with a new jti each time (RFC 7523 §3)',
    async (algorithm) => {
      const { privateKey, publicKey } = generateSigningKey(algorithm);
      const client = { id: 'orders', key: privateKey, algorithm, kid: 'k1' };
      const verifier = server.verifier({ client, cacheSeconds: 0 });
      await verifier.verify('token');
      await verifier.verify('token');
      const [first, second] = server.requests.map(({ form }) => readAssertion(form));
      expect(firstRequest().headers.authorization).toBeUndefined();
      expect(first?.header).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k1' });
      const { iat, jti } = first?.claims ?? {};
      const claims = { iss: 'orders', sub: 'orders', aud: server.origin, exp: Number(iat) + 60 };
      expect(first?.claims).toEqual({ ...claims, iat, jti });
      expect(jti).not.toBe(second?.claims.jti);
      const hash = algorithm === 'Ed25519' ? undefined : 'sha256';
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
      expect(first && verify(hash, first.input, key, first.signature)).toBe(true);
    },
  );

  it('the verifier sends it to introspection_endpoint of the metadata (RFC 8414 §2), which it fetches once', async () => {
    const verifier = server.verifier({ endpoint: undefined, cacheSeconds: 0 });
    await verifier.ready();
    expect(await outcome(verifier, 'token')).toBe('alice');
    expect(await outcome(verifier, 'token')).toBe('alice');
  });

  it.each([
    ['names no endpoint', { introspection_endpoint: undefined }, 'names no introspection_endpoint'],
    ['is of another issuer', { issuer: 'https://other.example' }, 'metadata of another issuer'],
    ['names plain http', { introspection_endpoint: 'http://auth.example/i' }, 'must use https'],
  ])('fails while the metadata %s', async (_name, changes, words) => {
    const { metadata } = server;
    server.metadata = { ...metadata, ...changes };
    const verifier = server.verifier({ endpoint: undefined });
    await expect(verifier.ready()).rejects.toMatchObject({ code: 'introspection_unavailable' });
    expect(await explanation({ endpoint: undefined })).toContain(words);
    server.metadata = metadata;
    expect(await outcome(verifier, 'token')).toBe('alice');
  });

  it.each(['', 'two tokens', 'tøken', 'a\nb'])(
    'the verifier sends no request for %j, which is no token',
    async (text) => {
      expect(await outcome(server.verifier(), text)).toBe('malformed_credentials');
      expect(server.requests).toHaveLength(0);
    },
  );

  it('the verifier sends no request for a token longer than maxTokenBytes', async () => {
    expect(await outcome(server.verifier(), 'a'.repeat(8193))).toBe('oversized_token');
    expect(server.requests).toHaveLength(0);
  });
});

describe('An endpoint without a usable answer', () => {
  it.each<[string, RequestListener]>([
    ['500', json({}, 500)],
    ['503', json({}, 503)],
    ['400', json({ error: 'invalid_request' }, 400)],
    ['429', json({}, 429)],
    ['401', json({ error: 'invalid_client' }, 401)],
    [
      'a redirect',
      (_request, response) => response.writeHead(302, { location: '/introspect' }).end(),
    ],
    ['HTML', (_request, response) => response.setHeader('content-type', 'text/html').end('<p>')],
    [
      'half a document',
      (_request, response) =>
        response.setHeader('content-type', 'application/json').end('{"active":'),
    ],
    ['a list', json([{ active: true }])],
    ['no active', json({ sub: 'alice' })],
    ['active as a string', json({ active: 'true' })],
    [
      'two members active',
      (_request, response) =>
        response
          .setHeader('content-type', 'application/json')
          .end('{"active":false,"active":true}'),
    ],
    ['too many bytes', json({ active: true, filler: 'x'.repeat(600_000) })],
    ['a closed connection', (request) => request.socket.destroy()],
  ])('makes the token unavailable and not invalid: %s', async (_name, answer) => {
    server.answer = answer;
    const verifier = server.verifier();
    const refusal = Promise.resolve(verifier.verify('token'));
    await expect(refusal).rejects.toMatchObject({
      code: 'introspection_unavailable',
      retryAfterSeconds: 5,
    });
    server.answer = undefined;
    expect(await outcome(verifier, 'token')).toBe('alice');
  });

  it('makes the token unavailable when its answer does not end in time', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"active":');
    };
    expect(await explanation({ timeoutMs: 50 })).toContain('no answer within 50 ms');
  });

  it('names wrong client credentials in the log, and no token and no secret', async () => {
    server.answer = json({ error: 'invalid_client' }, 401);
    const words = await explanation();
    expect(words).toContain('The credentials in `client` are not accepted');
    expect(words).not.toMatch(/a-secret-token|s3cret/);
  });

  it('causes one outage until the next answer', async () => {
    const verifier = server.verifier({ cacheSeconds: 0 });
    const outageOf = async () => {
      const error = await Promise.resolve(verifier.verify('token')).catch(
        (thrown: unknown) => thrown,
      );
      return (error as { state?: { outage?: object } }).state?.outage;
    };
    server.answer = json({}, 500);
    const first = await outageOf();
    expect(first).toBeInstanceOf(Object);
    expect(await outageOf()).toBe(first);
    server.answer = undefined;
    await verifier.verify('token');
    server.answer = json({}, 500);
    expect(await outageOf()).not.toBe(first);
  });
});

describe('The options of introspection()', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = { id: 'orders', key: privateKey, algorithm: 'ES256' };
  const pair = { id: 'orders', secret: 'x', key: privateKey, algorithm: 'ES384' };
  it.each([
    [{ issuer: '' }, '`issuer`'],
    [{ audience: [] }, '`audience`'],
    [{ endpoint: 'http://auth.example/introspect' }, '`endpoint` must use https'],
    [{ client: { id: 'orders' } }, '`client.secret`'],
    [{ client: { id: 'orders', secret: '' } }, '`client.secret`'],
    [{ client: { id: '', secret: 'x' } }, '`client.id`'],
    [{ client: pair }, 'either `client.secret`'],
    [{ client: key }, '`client.key` must be a private key'],
    [{ client: { ...key, key: 'text' } }, '`client.key` must be a private key'],
    [{ client: { ...key, algorithm: 'HS256' } }, '`client.key` must be a private key'],
    [{ cacheSeconds: 301 }, '`cacheSeconds` must be a number from 0 to 300'],
    [{ cacheSecond: 1 }, 'did you mean `cacheSeconds`?'],
    [{ acceptsMissing: ['iss'] }, '`acceptsMissing` must be a list'],
    [{ signedResponses: { algorithms: [] } }, '`signedResponses.algorithms`'],
    [{ signedResponses: { algorithms: ['HS256'] } }, '`signedResponses.algorithms`'],
    [
      { signedResponses: { algorithms: ['ES256'], jwksUri: 'http://a.example' } },
      '`signedResponses.jwksUri`',
    ],
    [{ endpoint: undefined, issuer: 'not a URL' }, '`issuer`'],
  ])('introspection() refuses %j at boot', (options, words) => {
    // As a caller without TypeScript.
    const given: IntrospectionOptions = Object.assign({}, server.options, options);
    expect(() => introspection(given)).toThrow(words);
  });
});

interface Assertion {
  readonly header: object;
  readonly claims: { readonly iat?: number; readonly exp?: number; readonly jti?: string };
  readonly input: Buffer;
  readonly signature: Buffer;
}

function readAssertion(form: URLSearchParams): Assertion {
  expect(form.get('client_assertion_type')).toBe(
    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  );
  const [header = '', claims = '', signature = ''] = String(form.get('client_assertion')).split(
    '.',
  );
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return {
    header: parse(header),
    claims: parse(claims),
    input: Buffer.from(`${header}.${claims}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function firstRequest() {
  const [request] = server.requests;
  if (!request) throw new Error('No request was sent');
  return request;
}
