import { randomUUID } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { ClientKey, toKeySet } from '../support/client-key.js';
import { ISSUER, TestAuth } from '../support/test-auth.js';

const TOKEN_ENDPOINT = `${ISSUER}/oauth/token`;
const REVOCATION_ENDPOINT = `${ISSUER}/oauth/revoke`;

let auth: TestAuth;
let key: ClientKey;
let rsaKey: ClientKey;

const register = (on: TestAuth, id: string, assertionAudience: 'issuer' | 'token-endpoint') =>
  on.registerClient({
    id,
    authMethod: 'private_key_jwt',
    jwks: toKeySet(key, rsaKey),
    assertionAudience,
  });

beforeAll(async () => {
  auth = await TestAuth.start();
  [key, rsaKey] = await Promise.all([
    ClientKey.generate('ES256', 'ec'),
    ClientKey.generate('RS256', 'rsa'),
  ]);
  await register(auth, 'strict', 'issuer');
  await register(auth, 'lenient', 'token-endpoint');
});
afterAll(() => auth.stop());

const now = () => Math.floor(auth.clock.now() / 1000);

async function send(
  path: string,
  client_assertion: string,
  { on = auth, ...more }: { on?: TestAuth; client_assertion_type?: string } = {},
) {
  const { status, body } = await on.send(path, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      token: 'made-up',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
      ...more,
    }),
  });
  return { status, error: body['error'], text: body['error_description'] };
}

const claims = (id: string, more: Record<string, unknown> = {}) => ({
  ...{ iss: id, sub: id, aud: ISSUER, jti: randomUUID(), iat: now(), exp: now() + 60, ...more },
});

const sendAudience = async (id: string, path: string, aud: unknown) =>
  send(path, await key.sign(claims(id, { aud })));

describe('the audience of a client assertion (RFC 7523 §3)', () => {
  it.each<[string, unknown, boolean, boolean]>([
    ['the issuer', ISSUER, true, true],
    ['a list of the issuer', [ISSUER], true, true],
    ['the token endpoint (Spring, Quarkus, Nimbus)', TOKEN_ENDPOINT, false, true],
    ['a list of the token endpoint', [TOKEN_ENDPOINT], false, true],
    ['issuer and token endpoint (openid-client 4)', [ISSUER, TOKEN_ENDPOINT], false, true],
    ['the token endpoint and another server', [TOKEN_ENDPOINT, 'https://as.example'], false, false],
    ['the issuer and another server', [ISSUER, 'https://as.example'], false, false],
    ['the token endpoint with a slash', `${TOKEN_ENDPOINT}/`, false, false],
    ['the token endpoint with a query', `${TOKEN_ENDPOINT}?x=1`, false, false],
    ['the token endpoint in upper case', TOKEN_ENDPOINT.toUpperCase(), false, false],
    ['the token endpoint of another server', 'https://as.example/oauth/token', false, false],
    ['the path of the token endpoint', '/oauth/token', false, false],
    ['an endpoint that was not called', REVOCATION_ENDPOINT, false, false],
    ['an empty list', [], false, false],
    ['a list in a list', [[ISSUER]], false, false],
    ['null', null, false, false],
  ])('accepts %s only from the clients that may send it', async (_, aud, strict, lenient) => {
    const answers = [
      await sendAudience('strict', '/oauth/token', aud),
      await sendAudience('lenient', '/oauth/token', aud),
    ];
    const toAnswer = (isAccepted: boolean) => (isAccepted ? 200 : 401);
    expect(answers.map(({ status }) => status)).toEqual([toAnswer(strict), toAnswer(lenient)]);
  });

  it.each(['/oauth/revoke', '/oauth/introspect'])(
    'accepts the token endpoint and the called endpoint at %s (mod_auth_openidc, Authlib)',
    async (path) => {
      for (const aud of [ISSUER, TOKEN_ENDPOINT, `${ISSUER}${path}`]) {
        expect((await sendAudience('lenient', path, aud)).status).toBe(200);
      }
      for (const aud of [TOKEN_ENDPOINT, `${ISSUER}${path}`]) {
        expect((await sendAudience('strict', path, aud)).error).toBe('invalid_client');
      }
    },
  );

  it('accepts the token endpoint below the path of the issuer', async () => {
    const at = await TestAuth.start({ ISSUER: 'https://example.org/auth' });
    await register(at, 'lenient', 'token-endpoint');
    const sendTo = async (aud: string) =>
      send('/oauth/token', await key.sign(claims('lenient', { aud })), { on: at });
    expect((await sendTo('https://example.org/auth/oauth/token')).status).toBe(200);
    expect((await sendTo('https://example.org/oauth/token')).error).toBe('invalid_client');
  });

  it('names the option to a client that sends the token endpoint', async () => {
    const { text } = await sendAudience('strict', '/oauth/token', TOKEN_ENDPOINT);
    expect(text).toBe(
      `Client authentication failed: aud of the assertion must be ${ISSUER}, unless the operator registers the client with --assertion-audience token-endpoint.`,
    );
    const { text: foreign } = await sendAudience('strict', '/oauth/token', 'https://as.example');
    expect(foreign).toBe(`Client authentication failed: aud of the assertion must be ${ISSUER}.`);
  });
});

describe('events of refused client assertions', () => {
  const refusals = async () => {
    const rows = await auth.app
      .get(UnitOfWork)
      .query<{ detail: string }>(`SELECT detail FROM security_event WHERE type = 'client.refused'`);
    return rows.map(({ detail }) => JSON.parse(detail));
  };
  beforeEach(() => auth.app.get(UnitOfWork).execute('DELETE FROM security_event'));

  const KEYS = 'kid "ec", alg "ES256" or kid "rsa", alg "RS256"';
  it.each<[string, () => Promise<string>, { check: string; presented: string; expected: string }]>([
    [
      'the audience',
      () => key.sign(claims('strict', { aud: [TOKEN_ENDPOINT] })),
      { check: 'aud', presented: `["${TOKEN_ENDPOINT}"]`, expected: ISSUER },
    ],
    [
      'the expiry',
      () => key.sign(claims('strict', { exp: now() - 60 })),
      {
        check: 'exp',
        presented: expect.stringMatching(/^\d+$/),
        expected: expect.stringMatching(/^valid now \(\d+\)$/),
      },
    ],
    [
      'the issuer',
      () => key.sign(claims('strict', { iss: 'other' })),
      { check: 'iss', presented: '"other"', expected: 'strict' },
    ],
    [
      'the type',
      () => key.sign(claims('strict'), { typ: 'at+jwt' }),
      {
        check: 'typ',
        presented: '"at+jwt"',
        expected: 'client-authentication+jwt, JWT or absent',
      },
    ],
    [
      'the signature',
      async () => `${(await key.sign(claims('strict'))).slice(0, -4)}AAAA`,
      { check: 'signature', presented: 'kid "ec", alg "ES256"', expected: KEYS },
    ],
    [
      'the kid',
      () => key.sign(claims('strict'), { kid: 'lost' }),
      {
        check: 'kid and alg of a registered key',
        presented: 'kid "lost", alg "ES256"',
        expected: KEYS,
      },
    ],
    [
      'the alg of another key',
      () => rsaKey.sign(claims('strict'), { kid: 'ec' }),
      {
        check: 'kid and alg of a registered key',
        presented: 'kid "ec", alg "RS256"',
        expected: KEYS,
      },
    ],
    [
      'an alg that is not supported',
      async () => `${encode({ alg: 'none' })}.${encode(claims('strict'))}.`,
      { check: 'alg', presented: 'kid absent, alg "none"', expected: KEYS },
    ],
  ])('records check, value and expected value of %s', async (_, sign, values) => {
    const { error } = await send('/oauth/token', await sign());
    expect(error).toBe('invalid_client');
    const common = { reason: 'wrong_assertion', clientId: 'strict', endpoint: '/oauth/token' };
    expect(await refusals()).toEqual([{ ...common, ...values }]);
  });

  it('records the jti that was used before, the wrong type and a text that is no JWT', async () => {
    const twice = await key.sign(claims('strict', { jti: 'the-jti' }));
    await send('/oauth/token', twice);
    await send('/oauth/token', twice);
    await send('/oauth/token', twice, { client_assertion_type: 'urn:other' });
    await send('/oauth/token', 'no.jwt');
    expect(await refusals()).toEqual([
      expect.objectContaining({
        reason: 'repeated_assertion',
        presented: 'jti the-jti',
        expected: 'a jti that was not used before',
      }),
      expect.objectContaining({
        check: 'client_assertion_type',
        presented: 'urn:other',
        expected: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
      expect.objectContaining({
        check: 'format',
        presented: '6 characters',
        expected: 'a JWT in compact serialization',
      }),
    ]);
  });
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the replay cache', () => {
  it('stores no more rows than the quota of a client, because only the holder of a key adds rows', async () => {
    const limited = await TestAuth.start({ RATE_LIMITS: 'client=3/600' });
    await register(limited, 'strict', 'issuer');
    const statuses = [];
    for (let n = 0; n < 6; n += 1) {
      const assertion = await key.sign(claims('strict'));
      statuses.push((await send('/oauth/token', assertion, { on: limited })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
    const rows = await limited.app.get(UnitOfWork).query('SELECT value_hash FROM used_value');
    expect(rows).toHaveLength(3);
  });

  it('grows by the quota at most when strangers send made-up codes through an application', async () => {
    const limited = await TestAuth.start({ RATE_LIMITS: 'client=3/600' });
    await register(limited, 'strict', 'issuer');
    const statuses = [];
    for (let n = 0; n < 6; n += 1) {
      const { status } = await limited.token({
        grant_type: 'authorization_code',
        code: `made-up-${n}`,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await key.sign(claims('strict')),
      });
      statuses.push(status);
    }
    expect(statuses).toEqual([400, 400, 400, 429, 429, 429]);
    const rows = await limited.app.get(UnitOfWork).query('SELECT value_hash FROM used_value');
    expect(rows).toHaveLength(3);
    const own = await key.sign(claims('strict'));
    expect((await send('/oauth/token', own, { on: limited })).status).toBe(200);
  });
});
