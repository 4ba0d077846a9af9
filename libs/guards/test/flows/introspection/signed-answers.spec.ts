import { compactJws, generateSigningKey } from '../../../testing/signing-key.js';
import { TestIssuer } from '../../../testing/test-issuer.js';
import { IntrospectionServer, outcome } from '../../support/introspection-server.js';

const TYPE = 'application/token-introspection+jwt';

let server: IntrospectionServer;
let issuer: TestIssuer;

beforeAll(async () => {
  [server, issuer] = await Promise.all([IntrospectionServer.listen(), TestIssuer.start()]);
});

afterAll(async () => Promise.all([server.close(), issuer.close()]));

const now = Math.floor(Date.now() / 1000);

interface Changes {
  readonly claims?: object;
  readonly header?: object;
  readonly signedBy?: ReturnType<typeof generateSigningKey>;
  readonly contentType?: string;
}

/** The outcome for a token whose signed answer differs from a valid one by these members. */
async function introspect(answer: object, changes: Changes = {}): Promise<unknown> {
  const header = { ...issuer.header(), typ: 'token-introspection+jwt', ...changes.header };
  const envelope = { iss: issuer.issuer, aud: 'orders', iat: now, token_introspection: answer };
  const key = changes.signedBy ?? issuer.signingKey;
  const jws = compactJws(header, { ...envelope, ...changes.claims }, key);
  server.answer = (_request, response) =>
    response.setHeader('content-type', changes.contentType ?? TYPE).end(jws);
  return outcome(verifier(), 'token');
}

function verifier() {
  const signedResponses = { algorithms: ['ES256' as const] };
  return server.verifier({ issuer: issuer.issuer, signedResponses });
}

const ACTIVE = () => ({ ...server.issue('token'), iss: issuer.issuer });

describe('A signed answer (RFC 9701)', () => {
  it('the verifier requests it by its media type, and accepts a signature of the issuer', async () => {
    expect(await introspect(ACTIVE())).toBe('alice');
    expect(server.requests.at(-1)?.headers.accept).toBe(TYPE);
  });

  it('refuses a token that is not active', async () => {
    expect(await introspect({ active: false })).toBe('inactive');
  });

  it.each<[string, Changes]>([
    ['another key', { signedBy: generateSigningKey('ES256') }],
    ['an unknown kid', { header: { kid: 'unknown' } }],
    ['alg none', { header: { alg: 'none' } }],
    ['alg HS256', { header: { alg: 'HS256' } }],
    ['the typ of an access token', { header: { typ: 'at+jwt' } }],
    ['no typ', { header: { typ: undefined } }],
    ['a critical extension', { header: { crit: ['x'], x: 1 } }],
    ['another iss', { claims: { iss: 'https://other.example' } }],
    ['another aud', { claims: { aud: 'billing' } }],
    ['no aud', { claims: { aud: undefined } }],
    ['an old iat', { claims: { iat: now - 120 } }],
    ['an iat in the future', { claims: { iat: now + 120 } }],
    ['no iat', { claims: { iat: undefined } }],
    ['no token_introspection', { claims: { token_introspection: undefined, active: true } }],
    ['the media type of JSON', { contentType: 'application/json' }],
    ['the media type of any JWT', { contentType: 'application/jwt' }],
  ])('decides nothing with %s', async (_name, changes) => {
    expect(await introspect(ACTIVE(), changes)).toBe('introspection_unavailable');
  });

  it('an answer without a signature decides nothing', async () => {
    server.answer = undefined;
    expect(await outcome(verifier(), 'token')).toBe('introspection_unavailable');
  });

  it('a signed answer decides nothing while the keys of the issuer cannot be fetched', async () => {
    issuer.fail();
    expect(await introspect(ACTIVE())).toBe('introspection_unavailable');
    await expect(verifier().ready()).rejects.toThrow('introspection_unavailable');
    issuer.up();
    expect(await introspect(ACTIVE())).toBe('alice');
  });
});
