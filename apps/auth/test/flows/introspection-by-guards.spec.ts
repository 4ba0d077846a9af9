import { generateKeyPairSync } from 'node:crypto';
import { introspection, type IntrospectionOptions } from '@gatehouse/guards/introspection';
import { decodeClaims, ISSUER, PHOTOS, TestAuth } from '../support/test-auth.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = JSON.stringify({
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }],
});

/** Resource servers that verify every token by introspection, with the guards of this repository. */
describe('a resource server that introspects with the guards (RFC 7662)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    const service = { grantTypes: ['client_credentials'], scope: ['tickets:read'] };
    const ofPhotos = { ...service, resourceServer: PHOTOS };
    await auth.registerClient({ ...ofPhotos, id: 'photos:service', secret: 'a+b c%é' });
    await auth.registerClient({ ...ofPhotos, id: 'keyed', authMethod: 'private_key_jwt', jwks });
  });
  afterAll(() => auth.stop());

  const verifier = (client: IntrospectionOptions['client'], more: object = {}) =>
    introspection({
      issuer: ISSUER,
      endpoint: `${auth.url}/oauth/introspect`,
      audience: PHOTOS,
      client,
      cacheSeconds: 0,
      now: () => auth.clock.now(),
      ...more,
    });
  const withSecret = { id: 'photos:service', secret: 'a+b c%é' };

  it.each<[string, IntrospectionOptions['client']]>([
    ['HTTP Basic (RFC 6749 §2.3.1)', withSecret],
    ['private_key_jwt', { id: 'keyed', key: privateKey, algorithm: 'ES256', kid: 'k1' }],
  ])('accepts a token until its session ends, with %s', async (_name, client) => {
    const { access_token: access, refresh_token: refresh } = await auth.createLogin();
    const photos = verifier(client);
    const { subject, sessionId, scopes, audience } = await photos.verify(access);
    const claims = decodeClaims(access);
    expect({ subject, sessionId, audience }).toEqual({
      subject: claims['sub'],
      sessionId: claims['sid'],
      audience: PHOTOS,
    });
    expect([...scopes]).toContain('photos:read');
    await auth.json('/auth/logout', { refresh_token: refresh });
    const refusal = Promise.resolve(photos.verify(access));
    await expect(refusal).rejects.toMatchObject({ code: 'inactive' });
  });

  it.each(['garbage', 'a.b.c'])('refuses %s as inactive', async (text) => {
    const refusal = Promise.resolve(verifier(withSecret).verify(text));
    await expect(refusal).rejects.toMatchObject({ code: 'inactive' });
  });

  it('gets no answer with a wrong secret, and its log names the option', async () => {
    const { access_token: access } = await auth.createLogin();
    const refusal = Promise.resolve(verifier({ ...withSecret, secret: 'wrong' }).verify(access));
    await expect(refusal).rejects.toMatchObject({
      code: 'introspection_unavailable',
      cause: new Error('The credentials in `client` are not accepted'),
    });
  });
});
