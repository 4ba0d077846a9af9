import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { UnitOfWork } from '@gatehouse/persistence';
import * as oauth from 'oauth4webapi';
import { generateKeyPair } from 'jose';
import { clientKeySetSchema } from '../../src/clients/registered-credentials.js';
import { ClientKey, toKeySet } from '../support/client-key.js';
import {
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const rejection = {
  error: 'invalid_client',
  error_description: 'Client authentication failed.',
};

/** The answer to a request without an Authorization header (RFC 6749 §5.2). */
const REFUSED = '401 invalid_client';
const summary = ({ status, body }: TestResponse) => `${status} ${body['error']}`;

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Another signature that verifies: (r, n - s) in the place of (r, s). */
function mirrorSignature(jwt: string): string {
  const [header, payload, signature = ''] = jwt.split('.');
  const hex = Buffer.from(signature, 'base64url').toString('hex');
  const s = P256_ORDER - BigInt(`0x${hex.slice(64)}`);
  const other = Buffer.from(hex.slice(0, 64) + s.toString(16).padStart(64, '0'), 'hex');
  return [header, payload, other.toString('base64url')].join('.');
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const claimsAt = (auth: TestAuth, more: Record<string, unknown> = {}) => {
  const now = Math.floor(auth.clock.now() / 1000);
  const claims = { iss: 'keyed', sub: 'keyed', aud: ISSUER, jti: randomUUID(), exp: now + 60 };
  return Object.fromEntries(
    Object.entries({ ...claims, iat: now, ...more }).filter(([, value]) => value !== null),
  );
};

const ask = (auth: TestAuth, client_assertion: string, more: Record<string, string> = {}) =>
  auth.token({
    grant_type: 'client_credentials',
    client_assertion_type: TYPE,
    client_assertion,
    ...more,
  });

describe('private_key_jwt (RFC 7523 §3, draft-ietf-oauth-rfc7523bis)', () => {
  let auth: TestAuth;
  let key: ClientKey;
  let next: ClientKey;
  beforeAll(async () => {
    auth = await TestAuth.start();
    [key, next] = await Promise.all([ClientKey.generate(), ClientKey.generate()]);
    await auth.registerClient({
      id: 'keyed',
      authMethod: 'private_key_jwt',
      jwks: toKeySet(key, next),
    });
    await auth.registerClient({ id: 'other', authMethod: 'private_key_jwt', jwks: toKeySet(next) });
    await auth.registerClient({ id: 'secretive', secret: 'secret', jwks: toKeySet(key) });
  });
  afterAll(() => auth.stop());

  const now = () => Math.floor(auth.clock.now() / 1000);

  it.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, string>]>([
    ['signed by the key that its header names', {}, {}, {}],
    ['with the client_id as parameter', {}, {}, { client_id: 'keyed' }],
    ['with the explicit type', {}, { typ: 'client-authentication+jwt' }, {}],
    ['with the type JWT', {}, { typ: 'JWT' }, {}],
    ['with the type jwt (RFC 7515 §4.1.9)', {}, { typ: 'jwt' }, {}],
    ['with the type as media type', {}, { typ: 'application/client-authentication+JWT' }, {}],
    ['without iat', { iat: null }, {}, {}],
    ['that is valid for five minutes', { exp: 300 }, {}, {}],
    ['that is valid for an hour (zitadel, Authlib)', { exp: 3600 }, {}, {}],
    ['with a list of the issuer as audience (zitadel)', { aud: [ISSUER] }, {}, {}],
    ['without jti (zitadel)', { jti: null, iat: 0 }, {}, {}],
    ['without jti and iat (RFC 7523 §3)', { jti: null, iat: null }, {}, {}],
    ['from a clock that is 30 seconds behind', { exp: -29, iat: -89, nbf: -89 }, {}, {}],
    ['from a clock that is 30 seconds ahead', { exp: 3630, iat: 30, nbf: 30 }, {}, {}],
  ])('accepts an assertion %s', async (_, claims, header, more) => {
    const instants = Object.entries(claims).map(([name, value]) => [
      name,
      typeof value === 'number' ? now() + value : value,
    ]);
    const payload = claimsAt(auth, Object.fromEntries(instants));
    expect((await ask(auth, await key.sign(payload, header), more)).status).toBe(200);
  });

  it('accepts assertions of both keys in the client’s key set', async () => {
    for (const each of [key, next]) {
      expect((await ask(auth, await each.sign(claimsAt(auth)))).status).toBe(200);
    }
  });

  it.each(['PS256', 'RS256', 'EdDSA'])(
    'accepts %s if it is the algorithm of the key',
    async (alg) => {
      const own = await ClientKey.generate(alg);
      const id = `keyed-${alg.toLowerCase()}`;
      await auth.registerClient({ id, authMethod: 'private_key_jwt', jwks: toKeySet(own) });
      const assertion = await own.sign(claimsAt(auth, { iss: id, sub: id }));
      expect((await ask(auth, assertion)).status).toBe(200);
    },
  );

  it.each<[string, Record<string, unknown>, string]>([
    ['another issuer than subject', { iss: 'other' }, 'iss'],
    ['no issuer', { iss: null }, 'iss'],
    ['the token endpoint as audience', { aud: `${ISSUER}/oauth/token` }, 'aud'],
    ['another server as audience', { aud: 'https://other.example' }, 'aud'],
    ['an empty list as audience', { aud: [] }, 'aud'],
    ['a list of the token endpoint as audience', { aud: [`${ISSUER}/oauth/token`] }, 'aud'],
    ['issuer and token endpoint', { aud: [ISSUER, `${ISSUER}/oauth/token`] }, 'aud'],
    ['an object as audience', { aud: { iss: ISSUER } }, 'aud'],
    ['an object with its own toString as audience', { aud: [{ toString: 1 }] }, 'aud'],
    ['two audiences', { aud: [ISSUER, 'https://other.example'] }, 'aud'],
    ['the issuer with a slash', { aud: `${ISSUER}/` }, 'aud'],
    ['no audience', { aud: null }, 'aud'],
    ['no exp', { exp: null }, 'exp'],
    ['an exp that is text', { exp: '9999999999' }, 'exp'],
    ['an empty jti', { jti: '' }, 'jti'],
    ['a jti of 300 characters', { jti: 'x'.repeat(300) }, 'jti'],
    ['a jti that is a list', { jti: ['x'] }, 'jti'],
  ])('rejects an assertion with %s and names the claim to the client', async (_, claims, name) => {
    const { status, body } = await ask(auth, await key.sign(claimsAt(auth, claims)));
    expect([status, body]).toEqual([
      401,
      {
        error: 'invalid_client',
        error_description: expect.stringMatching(
          new RegExp(`^Client authentication failed: ${name} of the assertion must be `),
        ),
      },
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['the id of another client', { iss: 'other', sub: 'other' }],
    ['an unknown client as subject', { iss: 'unknown', sub: 'unknown' }],
    ['a subject of 5,000 characters', { sub: 'x'.repeat(5000) }],
  ])('rejects an assertion with %s like every failed authentication', async (_, claims) => {
    const { status, body } = await ask(auth, await key.sign(claimsAt(auth, claims)));
    expect([status, body]).toEqual([401, rejection]);
  });

  it.each<[string, Record<string, number | null>]>([
    ['that expired', { exp: -31 }],
    ['that is valid for more than an hour', { exp: 3631 }],
    ['that is not valid yet', { nbf: 31 }],
    ['from the future', { iat: 31 }],
  ])('rejects an assertion %s', async (_, offsets) => {
    const instants = Object.entries(offsets).map(([name, offset]) => [
      name,
      offset === null ? null : now() + offset,
    ]);
    const payload = claimsAt(auth, Object.fromEntries(instants));
    expect(summary(await ask(auth, await key.sign(payload)))).toBe(REFUSED);
  });

  it.each<[string, Record<string, unknown>]>([
    ['type at+jwt of an access token', { typ: 'at+jwt' }],
    ['type logout+jwt of a logout token', { typ: 'logout+jwt' }],
    ['type dpop+jwt of a DPoP proof', { typ: 'dpop+jwt' }],
    ['type oauth-authz-req+jwt of a request object', { typ: 'oauth-authz-req+jwt' }],
    ['kid of an unknown key', { kid: 'unknown' }],
    ['missing kid, while the client has two keys', { kid: null }],
  ])('rejects a header with the %s', async (_, header) => {
    expect(summary(await ask(auth, await key.sign(claimsAt(auth), header)))).toBe(REFUSED);
  });

  it('rejects an assertion that no key of the client signed (RFC 8725 §3.1, §3.2)', async () => {
    const stranger = await ClientKey.generate('ES256', String(key.publicJwk['kid']));
    const { kid } = key.publicJwk;
    const spki = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
    const hs256 = (secret: string) => {
      const content = `${part({ alg: 'HS256', kid })}.${part(claimsAt(auth))}`;
      return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
    };
    const good = await key.sign(claimsAt(auth));
    const [header, , signature] = good.split('.');
    const forged = [
      await stranger.sign(claimsAt(auth)),
      await stranger.sign(claimsAt(auth), { jwk: stranger.publicJwk }),
      `${part({ alg: 'none' })}.${part(claimsAt(auth))}.`,
      `${part({ alg: 'none', kid })}.${part(claimsAt(auth))}.${signature}`,
      `${header}.${part(claimsAt(auth))}.${signature}`,
      hs256(spki),
      hs256(JSON.stringify(key.publicJwk)),
      hs256(''),
    ];
    for (const assertion of forged) {
      const { status, body } = await ask(auth, assertion);
      expect([status, body]).toEqual([401, rejection]);
    }
    expect((await ask(auth, good)).status).toBe(200);
  });

  it.each(['x', 'a.b.c', '..', `${part({ alg: 'ES256' })}.${part([])}.x`, part({}).repeat(90)])(
    'rejects the malformed assertion %j',
    async (assertion) => {
      expect(summary(await ask(auth, assertion))).toBe(REFUSED);
    },
  );

  it('rejects an assertion of a client that is registered with a secret', async () => {
    const assertion = await key.sign(claimsAt(auth, { iss: 'secretive', sub: 'secretive' }));
    expect(summary(await ask(auth, assertion))).toBe(REFUSED);
  });

  it.each<[string, Record<string, string>, string | undefined]>([
    ['Basic', {}, 'secretive:secret'],
    ['a secret in the body', { client_id: 'keyed', client_secret: 'x' }, undefined],
    ['another client_id', { client_id: 'other' }, undefined],
  ])('rejects %s beside an assertion (RFC 6749 §2.3)', async (_, more, as) => {
    const parameters = {
      grant_type: 'client_credentials',
      client_assertion_type: TYPE,
      client_assertion: await key.sign(claimsAt(auth)),
      ...more,
    };
    const { status, body } = await auth.token(parameters, as);
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  it('rejects another assertion type, and an assertion without its type (RFC 7521 §4.2)', async () => {
    const client_assertion = await key.sign(claimsAt(auth));
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    const other = await ask(auth, client_assertion, { client_assertion_type: saml });
    expect(summary(other)).toBe(REFUSED);
    for (const half of [{ client_assertion }, { client_assertion_type: TYPE }]) {
      const { status, body } = await auth.token({ grant_type: 'client_credentials', ...half });
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    }
    const repeated = await auth.send('/oauth/token', {
      method: 'POST',
      headers: { authorization: toBasicAuthorization('secretive:secret') },
      body: new URLSearchParams([
        ['grant_type', 'client_credentials'],
        ['client_assertion', 'a'],
        ['client_assertion', 'b'],
      ]),
    });
    expect([repeated.status, repeated.body['error']]).toEqual([400, 'invalid_request']);
  });

  it('accepts the assertion of an independent client library (oauth4webapi)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await crypto.subtle.exportKey('jwk', publicKey);
    const jwks = JSON.stringify({ keys: [{ ...jwk, kid: 'its-own', alg: 'ES256' }] });
    await auth.registerClient({ id: 'independent', authMethod: 'private_key_jwt', jwks });

    const skew = now() - Math.floor(Date.now() / 1000);
    const client = { client_id: 'independent', [oauth.clockSkew]: skew };
    const server = { issuer: ISSUER, token_endpoint: `${auth.url}/oauth/token` };
    const proof = oauth.PrivateKeyJwt({ key: privateKey, kid: 'its-own' });
    const http = { [oauth.allowInsecureRequests]: true };
    const answer = await oauth.clientCredentialsGrantRequest(server, client, proof, {}, http);
    const tokens = await oauth.processClientCredentialsResponse(server, client, answer);
    expect(tokens.token_type).toBe('bearer');
  });
});

eachDatabase('replay of a client assertion (RFC 7523 §3)', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let key: ClientKey;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
    key = await ClientKey.generate();
    for (const id of ['keyed', 'twin']) {
      await auth.registerClient({ id, authMethod: 'private_key_jwt', jwks: toKeySet(key) });
    }
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const kept = async () =>
    (await auth.app.get(UnitOfWork).query('SELECT value_hash FROM used_value')).length;

  it('rejects a replayed assertion and records a security event', async () => {
    const assertion = await key.sign(claimsAt(auth));
    expect((await ask(auth, assertion)).status).toBe(200);
    expect(summary(await ask(replica, assertion))).toBe(REFUSED);
    const events = await auth.app
      .get(UnitOfWork)
      .query<{ detail: string }>(`SELECT detail FROM security_event WHERE type = 'client.refused'`);
    expect(events.map(({ detail }) => JSON.parse(detail).reason)).toEqual(['repeated_assertion']);
  });

  it('accepts an assertion once for ten concurrent requests on two replicas', async () => {
    const assertion = await key.sign(claimsAt(auth));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ask(n % 2 === 0 ? auth : replica, assertion)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => summary(answer) === REFUSED)).toHaveLength(9);
  });

  it('rejects a replayed assertion until it expires', async () => {
    const payload = claimsAt(auth, { exp: Math.floor(auth.clock.now() / 1000) + 3600 });
    const assertion = await key.sign(payload);
    expect((await ask(auth, assertion)).status).toBe(200);
    auth.clock.advance({ seconds: 3629 });
    expect(summary(await ask(auth, assertion))).toBe(REFUSED);
    const [latest] = await auth.app
      .get(UnitOfWork)
      .query<{ expires_at: string }>('SELECT max(expires_at) AS expires_at FROM used_value');
    expect(Number(latest?.expires_at)).toBe((Number(payload['exp']) + 30) * 1000);
  });

  it('accepts an assertion without jti once, also with its other ECDSA signature', async () => {
    const assertion = await key.sign(claimsAt(auth, { jti: null }));
    const copies = [assertion, assertion, mirrorSignature(assertion)];
    const answers = await Promise.all(copies.map((copy) => ask(auth, copy)));
    expect(answers.map(summary).filter((text) => text === REFUSED)).toHaveLength(2);
  });

  it('accepts the same jti from two clients', async () => {
    const payload = claimsAt(auth);
    const twin = await key.sign({ ...payload, iss: 'twin', sub: 'twin' });
    const statuses = [await ask(auth, await key.sign(payload)), await ask(auth, twin)];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each<[string, unknown]>([
    ['NUL', '\0'],
    ['NUL inside of a name', 'key\0ed'],
    ['half a character', '\ud800'],
    ['a number', 1],
    ['true', true],
    ['an object', { $ne: 'x' }],
    ['a list', []],
  ])('rejects %s as client id with every authentication method', async (_, sub) => {
    const claimed = `${part({ alg: 'ES256' })}.${part({ ...claimsAt(auth), iss: sub, sub })}.x`;
    const name = typeof sub === 'string' ? sub.toWellFormed() : 'x';
    const grant = { grant_type: 'client_credentials' };
    const answers = [
      await ask(auth, claimed),
      await auth.token(grant, `${encodeURIComponent(name)}:x`),
      await auth.token({ ...grant, client_id: name, client_secret: 'x' }),
      await auth.token({ ...grant, client_id: name }),
    ];
    for (const { body } of answers) expect(body['error']).toBe('invalid_client');
  });

  it('writes nothing to the replay cache before the signature and the claims are verified', async () => {
    const stranger = await ClientKey.generate('ES256', String(key.publicJwk['kid']));
    const before = await kept();
    await ask(auth, await stranger.sign(claimsAt(auth)));
    await ask(auth, await key.sign(claimsAt(auth, { aud: 'https://other.example' })));
    expect(await kept()).toBe(before);
  });
});

describe('the key set of a client (RFC 7517 §5)', () => {
  let es256: ClientKey;
  let rs256: ClientKey;
  beforeAll(async () => {
    [es256, rs256] = await Promise.all([ClientKey.generate(), ClientKey.generate('RS256')]);
  });
  const accepts = (...keys: readonly unknown[]) => clientKeySetSchema.safeParse({ keys });

  it('keeps the required members of each key and drops the others', () => {
    const { success, data } = accepts({ ...es256.publicJwk, x5t: 'x' }, rs256.publicJwk);
    expect(success).toBe(true);
    expect(data?.keys).toEqual([es256.publicJwk, rs256.publicJwk]);
  });

  it.each<[string, (good: Record<string, unknown>) => readonly unknown[]]>([
    ['no key', () => []],
    ['eleven keys', (good) => Array.from({ length: 11 }, (_, n) => ({ ...good, kid: `${n}` }))],
    ['two keys with one kid', (good) => [good, good]],
    ['a private key', (good) => [{ ...good, d: 'x'.repeat(43) }]],
    ['a symmetric key', () => [{ kty: 'oct', k: 'x'.repeat(43), kid: 'k', alg: 'HS256' }]],
    ['no algorithm', (good) => [{ ...good, alg: undefined }]],
    ['the algorithm of another key type', (good) => [{ ...good, alg: 'RS256' }]],
    ['no kid', (good) => [{ ...good, kid: undefined }]],
    ['a key for encryption', (good) => [{ ...good, use: 'enc' }]],
    ['a point that is not on the curve', (good) => [{ ...good, y: 'A'.repeat(43) }]],
    ['values that are no keys', () => [null, 'key', 5]],
  ])('rejects a key set with %s', (_, keys) => {
    expect(accepts(...keys({ ...es256.publicJwk })).success).toBe(false);
  });

  it.each([
    ['a short modulus', { n: 'x'.repeat(171) }],
    ['an exponent of one', { e: 'AQ' }],
  ])('rejects an RSA key with %s', (_, more) => {
    expect(accepts({ ...rs256.publicJwk, ...more }).success).toBe(false);
  });
});
