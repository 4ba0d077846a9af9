import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { compactJws, DpopClient, generateSigningKey } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import { API, DpopApp, ORDERS } from '../../support/dpop-app.js';

type Members = Readonly<Record<string, unknown>>;

const DPOP = 'algs="ES256 PS256 RS256"';
const METADATA = `resource_metadata="${API}/.well-known/oauth-protected-resource"`;

describe.each(platforms)('a proof of possession on %s (RFC 9449 §4.3)', (_platform, adapter) => {
  let proven: DpopApp;
  let client: DpopClient;
  let token: string;
  beforeAll(async () => {
    proven = await DpopApp.start(adapter);
    client = proven.client;
    token = proven.token();
  });
  beforeEach(() => proven.takeReasons());
  afterAll(() => proven.close());

  const proof = (claims: Members = {}, header: Members = {}) =>
    client.proof({ ...ORDERS, accessToken: token }, claims, { header });

  async function expectInvalid(sent: string, reason: string): Promise<void> {
    const { status, headers, body } = await proven.sendProof(token, sent);
    expect([status, proven.takeReasons()]).toEqual([401, [reason]]);
    expect(headers['www-authenticate']).toBe(
      'DPoP error="invalid_dpop_proof", ' +
        `error_description="Send one DPoP header with a fresh proof for this request", ${DPOP}, ${METADATA}`,
    );
    expect(body).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401 });
  }

  it.each(['DPoP', 'dpop', 'DPOP', 'DPoP  '])(
    'that is good lets its token in, under the scheme "%s"',
    async (scheme) => {
      const headers = { Authorization: `${scheme} ${token}`, DPoP: proof() };
      const answer = await proven.get(headers);

      expect([answer.status, answer.body]).toEqual([
        200,
        { subject: 'alice', scopes: ['orders:read'] },
      ]);
    },
  );

  it.each(['ES256', 'PS256', 'RS256'] as const)('may be signed with %s', async (algorithm) => {
    const other = new DpopClient({ algorithm, now: proven.clock.now });
    const accessToken = proven.token({ cnf: other.cnf });

    await proven.sendProof(accessToken, other.proof({ ...ORDERS, accessToken })).expect(200);
  });

  it('may come with members and claims that nobody knows', async () => {
    await proven.sendProof(token, proof({ extra: [1] }, { 'x-y': 1, typ: 'application/DPoP+JWT' }));
    expect(proven.takeReasons()).toEqual([]);
  });

  it('is asked for again with every request, also when the token is remembered', async () => {
    for (let sight = 0; sight < 4; sight += 1) await proven.requestOrders(token).expect(200);
    await expectInvalid(proof({ ath: 'x' }), 'proof_for_another_token');
  });

  it('1: there is one, and only one', async () => {
    await proven.get({ Authorization: `DPoP ${token}` }).expect(401);
    expect(proven.takeReasons()).toEqual(['no_proof']);
    await expectInvalid(`${proof()}, ${proof()}`, 'malformed_proof');

    const outgoing = httpRequest(`${await proven.url()}/orders`);
    outgoing.setHeader('authorization', `DPoP ${token}`).setHeader('dpop', [proof(), proof()]);
    outgoing.end();
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    expect([response?.resume().statusCode, proven.takeReasons()]).toEqual([
      401,
      ['malformed_proof'],
    ]);
  });

  it.each<[string, () => string]>([
    ['empty', () => ''],
    ['a word', () => 'proof'],
    ['the access token', () => token],
    ['without a signature', () => proof().replace(/[^.]+$/, '')],
    ['longer than tokens may be', () => proof({ x: 'x'.repeat(8192) })],
    ['with a member twice', () => repeatedMember()],
  ])('2: is a well-formed JWT, and not %s', async (_what, sent) => {
    await expectInvalid(sent(), 'malformed_proof');
  });

  function repeatedMember(): string {
    const claims = `{"jti":"a","htm":"GET","htm":"GET","htu":"${ORDERS.url}","iat":1}`;
    return compactJws({ typ: 'dpop+jwt', alg: 'ES256', jwk: client.jwk }, claims, client.key);
  }

  it.each<[string, Members]>([
    ['jti', { jti: undefined }],
    ['jti', { jti: '' }],
    ['jti', { jti: 1 }],
    ['htm', { htm: undefined }],
    ['htm', { htm: ['GET'] }],
    ['htu', { htu: undefined }],
    ['htu', { htu: { href: ORDERS.url } }],
    ['iat', { iat: undefined }],
    ['iat', { iat: '1' }],
    ['iat', { iat: null }],
  ])('3: has every claim: %s in %j', async (_name, claims) => {
    await expectInvalid(proof(claims), 'malformed_proof');
  });

  it.each(['JWT', 'at+jwt', undefined, '', 'dpop+jwt2', ['dpop+jwt']])(
    '4: says that it is a proof, and not %j',
    async (typ) => {
      await expectInvalid(proof({}, { typ }), 'malformed_proof');
    },
  );

  it.each(['none', 'HS256', 'ES384', 'RS512', 'EdDSA', undefined, ['ES256']])(
    '5: has an asymmetric algorithm that is allowed here, and not %j',
    async (alg) => {
      await expectInvalid(proof({}, { alg }), 'malformed_proof');
    },
  );

  it('5: an extension that must be understood is not (RFC 7515 §4.1.11)', async () => {
    await expectInvalid(proof({}, { crit: ['x'], x: 1 }), 'malformed_proof');
    await expectInvalid(proof({}, { b64: false }), 'malformed_proof');
  });

  it('6: is signed by the key that it shows', async () => {
    const another = generateSigningKey('ES256');
    const request = { ...ORDERS, accessToken: token };

    await expectInvalid(client.proof(request, {}, { signedBy: another }), 'bad_proof_signature');
    const [header, , signature] = proof().split('.');
    const [, payload] = proof().split('.');
    await expectInvalid([header, payload, signature].join('.'), 'bad_proof_signature');
  });

  it.each<[string, () => unknown]>([
    ['missing', () => undefined],
    ['text', () => JSON.stringify(client.jwk)],
    ['private', () => client.key.privateKey.export({ format: 'jwk' })],
    ['symmetric', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
    ['symmetric as well', () => ({ ...client.jwk, k: 'c2VjcmV0' })],
    ['on another curve', () => generateSigningKey('ES384').publicKey.export({ format: 'jwk' })],
    ['of another kind', () => rsa(2048)],
    ['off its curve', () => ({ ...client.jwk, y: client.jwk.x })],
    ['for encryption', () => ({ ...client.jwk, use: 'enc' })],
    ['for another algorithm', () => ({ ...client.jwk, alg: 'ES384' })],
  ])('7: the key is public and fits the algorithm, and not %s', async (_what, jwk) => {
    await expectInvalid(proof({}, { jwk: jwk() }), 'malformed_proof');
  });

  it.each([
    ['of 1024 bits', () => rsa(1024)],
    ['with the exponent 1', () => ({ ...rsa(2048), e: 'AQ' })],
  ])('7: an RSA key is sound, and not %s (RFC 7518 §3.3)', async (_what, jwk) => {
    await expectInvalid(proof({}, { alg: 'RS256', jwk: jwk() }), 'malformed_proof');
  });

  function rsa(modulusLength: number) {
    return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
  }

  it.each(['POST', 'get', 'HEAD', 'GET '])('8: is for this method, and not %j', async (htm) => {
    await expectInvalid(proof({ htm }), 'proof_for_another_request');
  });

  it.each([
    `${API}/orders/archive`,
    `${API}/`,
    API,
    `${API}/orders/`,
    `${API}/Orders`,
    `${API}:8443/orders`,
    'http://api.example/orders',
    'https://api.example.evil.example/orders',
    'https://api.example@evil.example/orders',
    'https://user@api.example/orders',
    'https:/api.example/orders',
    'https:api.example/orders',
    'https:\\\\api.example\\orders',
    '//api.example/orders',
    '/orders',
    ' https://api.example/orders',
    'https://api.example/orders\t',
    'urn:x',
  ])('9: is for this URI, and not %j', async (htu) => {
    await expectInvalid(proof({ htu }), 'proof_for_another_request');
  });

  it.each([
    'HTTPS://API.EXAMPLE/orders',
    `${API}:443/orders`,
    `${API}/x/../orders`,
    `${API}/./orders`,
    `${API}/%6frders`,
    `${API}/%6Frders`,
    `${API}/orders?page=2`,
    `${API}/orders#top`,
  ])('9: may spell this URI as %j (RFC 3986 §6.2.2, §6.2.3)', async (htu) => {
    await proven.sendProof(token, proof({ htu })).expect(200);
  });

  it('9: leaves the query of the request out', async () => {
    await proven.sendProof(token, proof(), '/orders?page=2&x=/../y').expect(200);
  });

  it('9: the request’s own word for its host counts for nothing', async () => {
    const elsewhere = proof({ htu: 'https://evil.example/orders' });
    const headers = { Authorization: `DPoP ${token}`, DPoP: elsewhere };
    const words: readonly Record<string, string>[] = [
      { Host: 'evil.example' },
      { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
      { Forwarded: 'host=evil.example;proto=https' },
    ];
    for (const spoofed of words) {
      await proven.get({ ...headers, ...spoofed }).expect(401);
      expect(proven.takeReasons()).toEqual(['proof_for_another_request']);
    }
    await proven
      .get({ Authorization: `DPoP ${token}`, DPoP: proof(), Host: 'evil.example' })
      .expect(200);
  });

  it.each([
    ['a minute and the tolerance ago', -66, 401],
    ['just within a minute and the tolerance', -64, 200],
    ['a little ahead', 5, 200],
    ['ahead of the tolerance', 6, 401],
  ])('11: was made now, within the window: %s', async (_when, seconds, status) => {
    const iat = Math.floor(proven.clock.now() / 1000) + seconds;
    await proven.sendProof(token, proof({ iat })).expect(status);
    expect(proven.takeReasons()).toEqual(status === 200 ? [] : ['proof_out_of_time']);
  });

  it.each(['', 'x', null, 1, undefined])(
    '12: has the hash of the token, and not %j',
    async (ath) => {
      await expectInvalid(proof({ ath }), 'proof_for_another_token');
    },
  );

  it('12: one for another token of the same client is no good', async () => {
    const other = proven.token();
    const made = client.proof({ ...ORDERS, accessToken: other });

    await expectInvalid(made, 'proof_for_another_token');
  });

  it('12: whoever has token and key of different clients has nothing', async () => {
    const thief = new DpopClient({ now: proven.clock.now });
    const { status, headers } = await proven.sendProof(
      token,
      thief.proof({ ...ORDERS, accessToken: token }),
    );

    expect([status, proven.takeReasons()]).toEqual([401, ['proof_by_another_key']]);
    expect(headers['www-authenticate']).toBe(
      `DPoP error="invalid_token", error_description="This access token is not valid here", ${DPOP}, ${METADATA}`,
    );
  });

  it('one key is one key, however it is written (RFC 7638 §7)', async () => {
    const jwk = { ...client.jwk, alg: 'ES256', use: 'sig', key_ops: ['verify'], kid: 'mine' };
    await proven.sendProof(token, proof({}, { jwk })).expect(200);
  });

  it('is of no use on a public route, and does no harm there', async () => {
    await proven.sendProof('x', 'y', '/prices').expect(200);
  });
});
