import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { compactJws, DpopClient, generateSigningKey } from '../../../testing/index.js';
import { API, platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

type Members = Readonly<Record<string, unknown>>;

const DPOP = 'algs="ES256 PS256 RS256"';
const METADATA = `resource_metadata="${API}/.well-known/oauth-protected-resource", scope="orders:read"`;

describe.each(platforms)('proof of possession on %s (RFC 9449 §4.3)', (_platform, adapter) => {
  let dpopApp: DpopApp;
  let client: DpopClient;
  let token: string;
  beforeAll(async () => {
    dpopApp = await DpopApp.start(adapter);
    client = dpopApp.client;
    token = dpopApp.token();
  });
  beforeEach(() => dpopApp.takeReasons());
  afterAll(() => dpopApp.close());

  const proof = (claims: Members = {}, header: Members = {}) =>
    client.proof({ ...ORDERS, accessToken: token }, claims, { header });

  async function expectInvalid(sent: string, reason: string): Promise<void> {
    const { status, headers, body } = await dpopApp.sendProof(token, sent);
    expect([status, dpopApp.takeReasons()]).toEqual([401, [reason]]);
    expect(headers['www-authenticate']).toBe(
      'DPoP error="invalid_dpop_proof", ' +
        `error_description="Send one DPoP header with a fresh proof for this request", ${DPOP}, ${METADATA}`,
    );
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      message: 'Unauthorized',
    });
  }

  it.each(['DPoP', 'dpop', 'DPOP', 'DPoP  '])(
    'accepts a token with a valid proof under the scheme "%s"',
    async (scheme) => {
      const headers = { Authorization: `${scheme} ${token}`, DPoP: proof() };
      const answer = await dpopApp.get(headers);

      expect([answer.status, answer.body]).toEqual([
        200,
        { subject: 'alice', scopes: ['orders:read'] },
      ]);
    },
  );

  it.each(['ES256', 'PS256', 'RS256'] as const)(
    'accepts a proof that is signed with %s',
    async (algorithm) => {
      const other = new DpopClient({ algorithm, now: dpopApp.clock.now });
      const accessToken = dpopApp.token({ cnf: other.cnf });

      await dpopApp.sendProof(accessToken, other.proof({ ...ORDERS, accessToken })).expect(200);
    },
  );

  it('accepts a proof with unknown header members and claims', async () => {
    await dpopApp.sendProof(
      token,
      proof({ extra: [1] }, { 'x-y': 1, typ: 'application/DPoP+JWT' }),
    );
    expect(dpopApp.takeReasons()).toEqual([]);
  });

  it('requires a valid proof with every request, also for a cached token', async () => {
    for (let request = 0; request < 4; request += 1) await dpopApp.requestOrders(token).expect(200);
    await expectInvalid(proof({ ath: 'x' }), 'proof_for_another_token');
  });

  it('refuses a request without a proof or with two (RFC 9449 §4.3 check 1)', async () => {
    await dpopApp.get({ Authorization: `DPoP ${token}` }).expect(401);
    expect(dpopApp.takeReasons()).toEqual(['no_proof']);
    await expectInvalid(`${proof()}, ${proof()}`, 'malformed_proof');

    const outgoing = httpRequest(`${await dpopApp.url()}/orders`);
    outgoing.setHeader('authorization', `DPoP ${token}`).setHeader('dpop', [proof(), proof()]);
    outgoing.end();
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    expect([response?.resume().statusCode, dpopApp.takeReasons()]).toEqual([
      401,
      ['malformed_proof'],
    ]);
  });

  it.each<[string, () => string]>([
    ['empty', () => ''],
    ['a word', () => 'proof'],
    ['the access token', () => token],
    ['a JWT without a signature', () => proof().replace(/[^.]+$/, '')],
    ['longer than the limit of tokens', () => proof({ x: 'x'.repeat(8192) })],
    ['a JWT with a repeated claim', () => repeatedMember()],
  ])('refuses a proof that is %s (RFC 9449 §4.3 check 2)', async (_what, sent) => {
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
  ])('refuses a proof without a valid %s: %j (RFC 9449 §4.3 check 3)', async (_name, claims) => {
    await expectInvalid(proof(claims), 'malformed_proof');
  });

  it.each(['JWT', 'at+jwt', undefined, '', 'dpop+jwt2', ['dpop+jwt']])(
    'refuses a proof with the typ %j (RFC 9449 §4.3 check 4)',
    async (typ) => {
      await expectInvalid(proof({}, { typ }), 'malformed_proof');
    },
  );

  it.each(['none', 'HS256', 'ES384', 'RS512', 'EdDSA', undefined, ['ES256']])(
    'refuses a proof with the alg %j, which is not allowed (RFC 9449 §4.3 check 5)',
    async (alg) => {
      await expectInvalid(proof({}, { alg }), 'malformed_proof');
    },
  );

  it('refuses a proof with an unknown critical extension (RFC 7515 §4.1.11)', async () => {
    await expectInvalid(proof({}, { crit: ['x'], x: 1 }), 'malformed_proof');
    await expectInvalid(proof({}, { b64: false }), 'malformed_proof');
  });

  it('refuses a proof that another key signed or whose claims were changed (RFC 9449 §4.3 check 6)', async () => {
    const another = generateSigningKey('ES256');
    const request = { ...ORDERS, accessToken: token };

    await expectInvalid(client.proof(request, {}, { signedBy: another }), 'bad_proof_signature');
    const [header, , signature] = proof().split('.');
    const [, payload] = proof().split('.');
    await expectInvalid([header, payload, signature].join('.'), 'bad_proof_signature');
  });

  it.each<[string, () => unknown]>([
    ['missing', () => undefined],
    ['a string', () => JSON.stringify(client.jwk)],
    ['private', () => client.key.privateKey.export({ format: 'jwk' })],
    ['symmetric', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
    ['public with a symmetric part', () => ({ ...client.jwk, k: 'c2VjcmV0' })],
    ['on another curve', () => generateSigningKey('ES384').publicKey.export({ format: 'jwk' })],
    ['of another key type', () => rsa(2048)],
    ['off its curve', () => ({ ...client.jwk, y: client.jwk.x })],
    ['for encryption', () => ({ ...client.jwk, use: 'enc' })],
    ['for another algorithm', () => ({ ...client.jwk, alg: 'ES384' })],
  ])('refuses a proof whose key is %s (RFC 9449 §4.3 check 7)', async (_what, jwk) => {
    await expectInvalid(proof({}, { jwk: jwk() }), 'malformed_proof');
  });

  it.each([
    ['of 1024 bits', () => rsa(1024)],
    ['with the exponent 1', () => ({ ...rsa(2048), e: 'AQ' })],
  ])('refuses a proof with an RSA key %s (RFC 7518 §3.3)', async (_what, jwk) => {
    await expectInvalid(proof({}, { alg: 'RS256', jwk: jwk() }), 'malformed_proof');
  });

  function rsa(modulusLength: number) {
    return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' });
  }

  it.each(['POST', 'get', 'HEAD', 'GET '])(
    'refuses a proof for the method %j (RFC 9449 §4.3 check 8)',
    async (htm) => {
      await expectInvalid(proof({ htm }), 'proof_for_another_request');
    },
  );

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
  ])('refuses a proof for the URI %j (RFC 9449 §4.3 check 9)', async (htu) => {
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
  ])('accepts a proof that spells the URI as %j (RFC 3986 §6.2.2, §6.2.3)', async (htu) => {
    await dpopApp.sendProof(token, proof({ htu })).expect(200);
  });

  it('ignores the query of the request (RFC 9449 §4.3 check 9)', async () => {
    await dpopApp.sendProof(token, proof(), '/orders?page=2&x=/../y').expect(200);
  });

  it('ignores the host headers of the request (RFC 9449 §4.3 check 9)', async () => {
    const foreign = proof({ htu: 'https://evil.example/orders' });
    const headers = { Authorization: `DPoP ${token}`, DPoP: foreign };
    const hostHeaders: readonly Record<string, string>[] = [
      { Host: 'evil.example' },
      { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
      { Forwarded: 'host=evil.example;proto=https' },
    ];
    for (const spoofed of hostHeaders) {
      await dpopApp.get({ ...headers, ...spoofed }).expect(401);
      expect(dpopApp.takeReasons()).toEqual(['proof_for_another_request']);
    }
    await dpopApp
      .get({ Authorization: `DPoP ${token}`, DPoP: proof(), Host: 'evil.example' })
      .expect(200);
  });

  it.each([
    ['older than a minute and the tolerance', -66, 401],
    ['not older than a minute and the tolerance', -64, 200],
    ['ahead by at most the tolerance', 5, 200],
    ['ahead by more than the tolerance', 6, 401],
  ])(
    'checks the age of a proof with an iat %s (RFC 9449 §4.3 check 11)',
    async (_when, seconds, status) => {
      const iat = Math.floor(dpopApp.clock.now() / 1000) + seconds;
      await dpopApp.sendProof(token, proof({ iat })).expect(status);
      expect(dpopApp.takeReasons()).toEqual(status === 200 ? [] : ['proof_out_of_time']);
    },
  );

  it.each(['', 'x', null, 1, undefined])(
    'refuses a proof with the ath %j (RFC 9449 §4.3 check 12)',
    async (ath) => {
      await expectInvalid(proof({ ath }), 'proof_for_another_token');
    },
  );

  it('refuses a proof for another token of the same client (RFC 9449 §4.3 check 12)', async () => {
    const other = dpopApp.token();
    const proofForOther = client.proof({ ...ORDERS, accessToken: other });

    await expectInvalid(proofForOther, 'proof_for_another_token');
  });

  it('refuses a token with a proof by the key of another client (RFC 9449 §4.3 check 12)', async () => {
    const thief = new DpopClient({ now: dpopApp.clock.now });
    const { status, headers } = await dpopApp.sendProof(
      token,
      thief.proof({ ...ORDERS, accessToken: token }),
    );

    expect([status, dpopApp.takeReasons()]).toEqual([401, ['proof_by_another_key']]);
    expect(headers['www-authenticate']).toBe(
      `DPoP error="invalid_token", error_description="This access token is not valid here", ${DPOP}, ${METADATA}`,
    );
  });

  it('accepts a key with additional JWK members, because the thumbprint ignores them (RFC 7638 §3)', async () => {
    const jwk = { ...client.jwk, alg: 'ES256', use: 'sig', key_ops: ['verify'], kid: 'mine' };
    await dpopApp.sendProof(token, proof({}, { jwk })).expect(200);
  });

  it('ignores a proof on a public route', async () => {
    await dpopApp.sendProof('x', 'y', '/prices').expect(200);
  });
});
