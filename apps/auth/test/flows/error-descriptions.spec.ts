import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import { OAuthError } from '../../src/platform/oauth-error.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { TICKETS, PHOTOS, TestAuth, toBasicAuthorization } from '../support/test-auth.js';

type Parameters = Record<string, string>;

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SERVICE = 'service:secret';
let auth: TestAuth;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  const user = await anAccount(auth);
  client = await aClient(auth, { id: 'public-client' });
  await aClient(auth, { id: 'other-client' });
  await auth.registerClient({
    id: 'service',
    secret: 'secret',
    grantTypes: ['client_credentials', TOKEN_EXCHANGE],
    scope: ['tickets:read'],
    resourceServer: PHOTOS,
    exchangeTargets: [TICKETS],
  });
  await auth.registerClient({
    id: 'no-server',
    secret: 'secret',
    grantTypes: [TOKEN_EXCHANGE],
    scope: ['tickets:read'],
  });
  await auth.registerClient({ id: 'public-service', grantTypes: ['client_credentials'] });
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
beforeEach(() => auth.clock.advance({ seconds: 1 }));
afterAll(() => auth.stop());

describe('error_description of the authorization endpoint (RFC 6749 §4.1.2.1)', () => {
  const LONG = {
    nonce: 'n'.repeat(4000),
    claims: `{${' '.repeat(1900)}}`,
    login_hint: 'l'.repeat(490),
  };

  it.each<[string, string, Parameters]>([
    ['unsupported_response_type', 'The response_type must be code.', { response_type: 'token' }],
    [
      'request_not_supported',
      'request is not supported: send each parameter itself.',
      { request: 'x' },
    ],
    [
      'request_uri_not_supported',
      'request_uri is not supported: send each parameter itself.',
      { request_uri: 'urn:x' },
    ],
    [
      'registration_not_supported',
      'registration is not supported: the operator registers clients.',
      { registration: '{}' },
    ],
    [
      'unmet_authentication_requirements',
      'claims requires another acr than 1: phr 2.',
      { claims: '{"id_token":{"acr":{"essential":true,"values":["phr",2]}}}' },
    ],
    [
      'unmet_authentication_requirements',
      'claims requires another acr than 1: {?toString?:1}.',
      { claims: '{"id_token":{"acr":{"essential":true,"value":{"toString":1}}}}' },
    ],
    ['invalid_request', 'claims is malformed.', { claims: '{' }],
    [
      'login_required',
      'prompt is none, and the user must log in.',
      { prompt: 'none', max_age: '0' },
    ],
    [
      'unauthorized_client',
      'This client may not use the grant_type authorization_code.',
      { client_id: 'no-code' },
    ],
    [
      'consent_required',
      'prompt is none, and the user must consent to the scope: openid email.',
      { client_id: 'other-client', prompt: 'none', scope: 'openid email' },
    ],
    [
      'invalid_request',
      expect.stringMatching(
        /^The parameters have \d+ bytes together, and 6500 are allowed; the longest is nonce\.$/,
      ) as string,
      LONG,
    ],
  ])('describes %s as "%s"', async (error, error_description, parameters) => {
    await aClient(auth, { id: 'no-code', grantTypes: ['refresh_token'] });
    const answer = readRedirectParameters(await browser.authorize(client, parameters));
    expect(answer).toMatchObject({ error, error_description });
  });

  it('names the parameters that expect another user (OpenID Connect Core §3.1.2.3)', async () => {
    const own = new TestBrowser(auth);
    const claims = '{"id_token":{"sub":{"value":"acct_other"}}}';
    const page = await own.authorize(client, { claims });
    const email = 'expected-by-nothing@gatehouse.example';
    await anAccount(auth, email);
    const answer = readRedirectParameters(await own.submitPassword(page, email));
    expect(answer).toMatchObject({
      error: 'login_required',
      error_description: 'id_token_hint or claims names another user than the one who logged in.',
    });
  });

  it('names the decision of the user', async () => {
    const own = new TestBrowser(auth);
    await own.signIn(await anAccount(auth));
    const page = await own.authorize(client);
    const answer = readRedirectParameters(
      await own.follow(await own.submit(page, { decision: 'deny' })),
    );
    expect(answer).toMatchObject({
      error: 'access_denied',
      error_description: 'The user did not allow the access.',
    });
  });
});

describe('error_description of the endpoints that a client calls (RFC 6749 §5.2)', () => {
  const post = async (path: string, parameters: Parameters, as: string | undefined) =>
    (
      await auth.send(path, {
        method: 'POST',
        body: new URLSearchParams(parameters),
        ...(as !== undefined && { headers: { authorization: toBasicAuthorization(as) } }),
      })
    ).body;
  const CODE = { grant_type: 'authorization_code', client_id: 'public-client' };
  const EXCHANGE = { grant_type: TOKEN_EXCHANGE, subject_token_type: ACCESS_TOKEN };
  const NO_CODE = 'The code is invalid, expired or revoked.';
  const NO_TOKEN = 'The refresh_token is invalid, expired or revoked.';
  const NO_SUBJECT = 'The subject_token is invalid, or may not be exchanged by this client.';

  it.each<[string, string, Parameters, string | undefined]>([
    ['invalid_request', 'The grant_type is missing.', {}, SERVICE],
    [
      'unsupported_grant_type',
      'Unsupported grant_type: pass?word.',
      { grant_type: 'pass"word' },
      SERVICE,
    ],
    [
      'unauthorized_client',
      'This client may not use the grant_type refresh_token.',
      { grant_type: 'refresh_token' },
      SERVICE,
    ],
    [
      'unauthorized_client',
      'This client may not use the grant_type client_credentials: only a confidential client may.',
      { grant_type: 'client_credentials', client_id: 'public-service' },
      undefined,
    ],
    [
      'unauthorized_client',
      `This client may not use the grant_type ${TOKEN_EXCHANGE}: only a confidential client that is registered as a resource server may.`,
      EXCHANGE,
      'no-server:secret',
    ],
    ['invalid_request', 'code is missing.', CODE, undefined],
    ['invalid_grant', NO_CODE, { ...CODE, code: 'x' }, undefined],
    [
      'invalid_request',
      'refresh_token is missing.',
      { grant_type: 'refresh_token', client_id: 'public-client' },
      undefined,
    ],
    [
      'invalid_grant',
      NO_TOKEN,
      { grant_type: 'refresh_token', client_id: 'public-client', refresh_token: 'x' },
      undefined,
    ],
    [
      'invalid_scope',
      'Unknown scope: x y',
      { grant_type: 'client_credentials', scope: 'x y' },
      SERVICE,
    ],
    [
      'invalid_request',
      `subject_token_type must be ${ACCESS_TOKEN}.`,
      { grant_type: TOKEN_EXCHANGE, subject_token: 'x' },
      SERVICE,
    ],
    [
      'invalid_request',
      `requested_token_type must be ${ACCESS_TOKEN}.`,
      { ...EXCHANGE, requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      SERVICE,
    ],
    ['invalid_request', 'subject_token is missing.', EXCHANGE, SERVICE],
    ['invalid_request', NO_SUBJECT, { ...EXCHANGE, subject_token: 'x' }, SERVICE],
    [
      'invalid_request',
      'The client itself is the actor: send no actor_token.',
      { ...EXCHANGE, subject_token: 'x', actor_token: 'x' },
      SERVICE,
    ],
  ])(
    'describes %s of the token endpoint as "%s"',
    async (error, error_description, parameters, as) => {
      expect(await post('/oauth/token', parameters, as)).toEqual({ error, error_description });
    },
  );

  it.each<[string, string, string, Parameters]>([
    ['/oauth/revoke', 'invalid_request', 'The token is missing.', {}],
    ['/oauth/introspect', 'invalid_request', 'The token is missing.', {}],
  ])('says at %s: %s "%s"', async (path, error, error_description, parameters) => {
    expect(await post(path, parameters, SERVICE)).toEqual({ error, error_description });
  });

  it('says when a token without a session ends, if a client revokes it (RFC 7009 §2.2.1)', async () => {
    const { access_token: token = '' } = await post(
      '/oauth/token',
      { grant_type: 'client_credentials' },
      SERVICE,
    );
    expect(await post('/oauth/revoke', { token }, SERVICE)).toEqual({
      error: 'unsupported_token_type',
      error_description: 'The token has no session of this client: it ends when it expires.',
    });
  });

  it.each<[string, string, Parameters]>([
    [
      'redirect_uri',
      'redirect_uri differs from the one of the authorization request.',
      { redirect_uri: `${CALLBACK}/` },
    ],
    ['code_verifier', 'code_verifier is missing.', { code_verifier: '' }],
    [
      'code_verifier',
      'code_verifier does not match code_challenge.',
      { code_verifier: 'v'.repeat(43) },
    ],
    ['the client, as for an unknown code', NO_CODE, { client_id: 'other-client' }],
  ])('names %s of a code that does not fit: "%s"', async (_, error_description, more) => {
    const code = await browser.obtainCode(client);
    const redemption = { ...CODE, code, redirect_uri: CALLBACK, code_verifier: VERIFIER, ...more };
    expect(await post('/oauth/token', redemption, undefined)).toEqual({
      error: 'invalid_grant',
      error_description,
    });
  });

  it('names the scope that the client lost since the user granted it', async () => {
    const id = await aClient(auth, { scope: ['photos:read'], firstParty: true });
    const code = await browser.obtainCode(id, { scope: 'photos:read' });
    await aClient(auth, { id, scope: ['tickets:read'], firstParty: true });
    const redemption = {
      ...CODE,
      code,
      client_id: id,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    };
    expect(await post('/oauth/token', redemption, undefined)).toEqual({
      error: 'invalid_grant',
      error_description:
        'The client is not registered for the scope of this grant any more: photos:read.',
    });
  });

  it('names a media type that the server does not read, in the answer', async () => {
    const answer = await auth.send('/oauth/token', { method: 'POST', body: new FormData() });
    expect([answer.status, answer.body]).toEqual([
      415,
      {
        error: 'invalid_request',
        error_description:
          'The Content-Type of the body is not supported: OAuth endpoints read application/x-www-form-urlencoded.',
      },
    ]);
  });
});

it('bounds the text that a client sent, and replaces characters that RFC 6749 §5.2 forbids', () => {
  const { description } = OAuthError.invalidScope(`Unknown scope: "\\\u0000é€${'x'.repeat(999)}`);
  expect(description).toMatch(/^Unknown scope: \?{5}x+$/);
  expect(description).toHaveLength(300);
});
