import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import {
  aClient,
  anAccount,
  readRedirectParameters,
  TestBrowser,
} from '../support/test-browser.js';
import {
  ISSUER,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

/** Texts that break parsers, joined with ordinary ones. */
const HOSTILE = [
  ...[
    '',
    ' ',
    '\0',
    '\n',
    '"',
    '\\',
    '%',
    '%00',
    '\ud800',
    '\u202e',
    '🔑',
    '<script>',
    '__proto__',
  ],
  ...['constructor', 'toString', '-1', '1e999', '{}', '[]', '{"a":', 'none', 'openid'],
  ...['photos:read', 'offline_access', PHOTOS, `${PHOTOS}/`, ISSUER, 'keyed', 'website', 'code'],
  ...['a'.repeat(300), 'a'.repeat(1000), 'http://[', 'javascript:alert(1)', 'Basic', 'Bearer x'],
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 3 }).map((words) => words.join(' ')),
);
const MEMBERS = [
  ...['toString', 'valueOf', 'toJSON', '__proto__', 'constructor', 'length', 'then', 'value'],
  ...['size', 'values', 'essential', 'acr', 'sub', 'email', 'userinfo', 'id_token', 'message'],
];
/** JSON with members that have a meaning to JavaScript or to the server. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e300),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...MEMBERS), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** The form of a JWT, for parameters that take one. */
const unsignedJwt = fc
  .tuple(json, json, fc.constantFrom('', 'x', encode({})))
  .map(([header, payload, signature]) => `${encode(header)}.${encode(payload)}.${signature}`);

const parameters = (names: readonly string[]) =>
  fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(text, unsignedJwt)), { maxLength: 6 });

/** RFC 6749 §5.2. */
const DESCRIPTION_CHARACTERS = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const ERRORS = [
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client'],
  ...['unsupported_grant_type', 'invalid_scope', 'invalid_target', 'unsupported_token_type'],
  ...['invalid_dpop_proof', 'unsupported_response_type', 'login_required', 'consent_required'],
  ...['account_selection_required', 'request_not_supported', 'request_uri_not_supported'],
  ...['registration_not_supported', 'unmet_authentication_requirements', 'access_denied'],
  ...['invalid_token', 'insufficient_scope'],
];

function checkError({ error, error_description: description }: Record<string, unknown>) {
  expect(ERRORS).toContain(error);
  expect(description).toMatch(DESCRIPTION_CHARACTERS);
  expect(String(description).length).toBeLessThanOrEqual(300);
}

/** A form cannot carry lone surrogates. */
const toForm = (sent: readonly (readonly [string, string])[]) =>
  new URLSearchParams(sent.map(([name, value]): [string, string] => [name, value.toWellFormed()]));

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** Signs any header and payload, unlike the libraries. */
function signJwt(header: unknown, payload: unknown): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

eachDatabase('any request', (fresh) => {
  let auth: TestAuth;
  let browser: TestBrowser;
  let website: string;
  beforeAll(async () => {
    auth = await TestAuth.start({ DPOP_NONCE_TTL: '0', ...toDatabaseSettings(await fresh()) });
    await auth.registerClient({
      id: 'keyed',
      authMethod: 'private_key_jwt',
      jwks: JSON.stringify({
        keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'k' }],
      }),
      grantTypes: ['client_credentials', 'refresh_token', TOKEN_EXCHANGE],
      resourceServer: PHOTOS,
    });
    await auth.registerClient({ id: 'service', secret: 'secret' });
    website = await aClient(auth, { id: 'website', secret: 'secret' });
    const user = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(user);
    await browser.grantConsent(user, website);
  });
  afterAll(() => auth.stop());

  const post = (path: string, sent: readonly (readonly [string, string])[], headers = {}) =>
    auth.send(path, {
      method: 'POST',
      body: toForm(sent),
      headers,
    });

  function checkAnswer({ status, body }: TestResponse, allowed: readonly number[]) {
    expect(allowed).toContain(status);
    // 431: Node answers, because the header is longer than it reads.
    if (status >= 400 && status !== 431) checkError(body);
  }

  it('gets a code, a page or an error of its standards at the authorization endpoint', async () => {
    const names = [
      ...['scope', 'state', 'nonce', 'resource', 'audience', 'prompt', 'max_age', 'login_hint'],
      ...['id_token_hint', 'acr_values', 'claims', 'ui_locales', 'response_mode', 'dpop_jkt'],
      ...['response_type', 'code_challenge', 'code_challenge_method', 'request'],
    ];
    const sent = fc.record({
      more: parameters(names),
      claims: fc.option(json.map((value) => JSON.stringify({ userinfo: value, id_token: value }))),
      acr: fc.option(json),
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ more, claims, acr }) => {
        const acrRequest = { id_token: { acr: { essential: true, values: [acr], value: acr } } };
        const answer = await browser.authorize(website, {
          ...(claims !== null && { claims }),
          ...(acr !== null && { claims: JSON.stringify(acrRequest) }),
          ...Object.fromEntries(more.map(([name, value]) => [name, value.toWellFormed()])),
        });
        expect([200, 303, 431]).toContain(answer.status);
        const answered = readRedirectParameters(answer);
        if (answered['error'] !== undefined) checkError(answered);
      }),
      { numRuns: 250 },
    );
  });

  it('authenticates or is refused with any content of a signed assertion', async () => {
    const now = Math.floor(auth.clock.now() / 1000);
    const good = { iss: 'keyed', sub: 'keyed', aud: ISSUER, exp: now + 60, iat: now };
    const claim = fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'crit', 'x');
    const member = fc.constantFrom('typ', 'kid', 'cty', 'x5t', 'jwk', 'b64', 'zip', 'crit');
    const sent = fc.record({
      claims: fc.dictionary(claim, fc.oneof(json, fc.array(json, { minLength: 1, maxLength: 2 })), {
        maxKeys: 2,
      }),
      header: fc.dictionary(member, json, { maxKeys: 1 }),
      path: fc.constantFrom('/oauth/token', '/oauth/revoke', '/oauth/introspect'),
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ claims, header, path }) => {
        const content = { ...good, jti: randomUUID(), ...claims };
        const assertion = signJwt({ alg: 'ES256', kid: 'k', ...header }, content);
        const answer = await post(path, [
          ['grant_type', 'client_credentials'],
          ['token', 'x'],
          ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
          ['client_assertion', assertion],
        ]);
        checkAnswer(answer, [200, 400, 401, 413]);
      }),
      { numRuns: 250 },
    );
  });

  it('passes or is refused with any content of a signed DPoP proof', async () => {
    const now = Math.floor(auth.clock.now() / 1000);
    const good = { htm: 'POST', htu: `${ISSUER}/oauth/token`, iat: now };
    const claim = fc.constantFrom('htm', 'htu', 'iat', 'jti', 'ath', 'nonce', 'exp');
    const member = fc.constantFrom('typ', 'alg', 'kid', 'crit', 'jwk', 'b64');
    const keyMember = fc.constantFrom('kty', 'crv', 'x', 'y', 'd', 'use', 'key_ops', 'n', 'alg');
    const sent = fc.record({
      claims: fc.dictionary(claim, json, { maxKeys: 2 }),
      header: fc.dictionary(member, json, { maxKeys: 1 }),
      key: fc.dictionary(keyMember, json, { maxKeys: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ claims, header, key }) => {
        const jwk = { ...publicKey.export({ format: 'jwk' }), ...key };
        const proof = signJwt(
          { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
          { ...good, jti: randomUUID(), ...claims },
        );
        const grant = [['grant_type', 'client_credentials']] as const;
        const headers = { dpop: proof, authorization: toBasicAuthorization('service:secret') };
        checkAnswer(await post('/oauth/token', grant, headers), [200, 400, 431]);
      }),
      { numRuns: 250 },
    );
  });

  it('gets an answer or a refusal in the form of OAuth at an endpoint for clients', async () => {
    const names = [
      ...['grant_type', 'code', 'redirect_uri', 'code_verifier', 'refresh_token', 'scope'],
      ...['resource', 'audience', 'subject_token', 'subject_token_type', 'requested_token_type'],
      ...['actor_token', 'client_id', 'client_secret', 'client_assertion', 'token', 'username'],
      ...['client_assertion_type', 'token_type_hint', '__proto__', 'toString'],
    ];
    const grants = ['authorization_code', 'refresh_token', 'client_credentials', TOKEN_EXCHANGE];
    const sent = fc.record({
      more: parameters(names),
      grant: fc.constantFrom(...grants),
      basic: fc.option(fc.oneof(text, fc.constant('website:secret'))),
      path: fc.constantFrom('/oauth/token', '/oauth/revoke', '/oauth/introspect'),
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ more, grant, basic, path }) => {
        const encoded = Buffer.from(basic ?? '').toString('base64');
        const headers = basic === null ? {} : { authorization: `Basic ${encoded}` };
        const answer = await post(path, [['grant_type', grant], ...more], headers);
        checkAnswer(answer, [200, 400, 401, 413]);
      }),
      { numRuns: 400 },
    );
  });

  it('gets an answer or a problem for any JSON at the API of the first-party client', async () => {
    const name = fc.constantFrom('email', 'password', 'refresh_token', 'invitation', 'client_id');
    const sent = fc.record({
      body: fc.oneof(json, fc.dictionary(name, json, { maxKeys: 4 })),
      path: fc.constantFrom('login', 'register', 'refresh', 'logout'),
    });
    await fc.assert(
      fc.asyncProperty(sent, async ({ body, path }) => {
        const answer = await auth.send(`/auth/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        checkAnswer(answer, [200, 201, 204, 400, 401, 413]);
      }),
      { numRuns: 250 },
    );
  });

  it('gets a page or a redirect at the logout endpoint', async () => {
    const names = [
      ...['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'ui_locales'],
      ...['logout_hint', 'ticket', '__proto__'],
    ];
    await fc.assert(
      fc.asyncProperty(parameters(names), async (sent) => {
        const query = toForm(sent);
        const answers = [
          await auth.send(`/oauth/logout?${query.toString()}`, {}),
          await post('/oauth/logout', sent),
        ];
        for (const { status, text: page } of answers) {
          expect([200, 303, 400]).toContain(status);
          expect(page).not.toContain('<script>');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('gets an error of RFC 6750 at userinfo', async () => {
    const field = fc.oneof(
      text.map((value) => `Bearer ${value}`),
      text.map((value) => `DPoP ${value}`),
      unsignedJwt.map((value) => `Bearer ${value}`),
      text,
    );
    await fc.assert(
      fc.asyncProperty(field, async (authorization) => {
        const headers = {
          authorization: Buffer.from(authorization)
            .toString('latin1')
            .replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, ''),
        };
        checkAnswer(await auth.send('/userinfo', { headers }), [400, 401, 431]);
      }),
      { numRuns: 150 },
    );
  });
});
