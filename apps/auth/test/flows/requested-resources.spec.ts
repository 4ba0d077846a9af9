import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { TICKETS, decodeClaims, ISSUER, PHOTOS, TestAuth } from '../support/test-auth.js';

let auth: TestAuth;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  const user = await anAccount(auth);
  client = await aClient(auth);
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
afterAll(() => auth.stop());

describe('a request for something other than it can get (RFC 8707 §2)', () => {
  const TWO = 'openid offline_access photos:read tickets:read';
  const SERVICE = 'service:secret of the service';
  let refresh_token: string;
  beforeAll(async () => {
    await auth.registerClient({
      id: 'service',
      secret: 'secret of the service',
      scope: ['photos:read', 'tickets:read'],
    });
    await auth.registerClient({
      id: 'photos-service',
      secret: 'secret',
      grantTypes: [TOKEN_EXCHANGE],
      scope: ['photos:read', 'tickets:read', 'profile'],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS, PHOTOS],
    });
    refresh_token = (await signIn())['refresh_token'] ?? '';
  });

  const signIn = async (more: Record<string, string> = {}) => {
    const { body } = await auth.token({
      grant_type: 'authorization_code',
      client_id: client,
      code: await browser.obtainCode(client, { scope: TWO }),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...more,
    });
    return body;
  };
  const atAuthorize = async (parameters: Record<string, string>) => {
    const answer = await browser.authorize(client, { scope: TWO, ...parameters });
    return readRedirectParameters(answer);
  };
  const atRefresh = async (parameters: Record<string, string>) => {
    const refresh = { grant_type: 'refresh_token', client_id: client, refresh_token };
    const { body } = await auth.token({ ...refresh, ...parameters });
    refresh_token = body['refresh_token'] ?? refresh_token;
    return body;
  };
  const forService = async (parameters: Record<string, string>) =>
    (await auth.token({ grant_type: 'client_credentials', ...parameters }, SERVICE)).body;
  const atExchange = async (parameters: Record<string, string>) => {
    const subject_token = (await atRefresh({}))['access_token'] ?? '';
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const exchange = { grant_type: TOKEN_EXCHANGE, subject_token, subject_token_type };
    return (await auth.token({ ...exchange, ...parameters }, 'photos-service:secret')).body;
  };

  const FOREIGN = `Scope of another resource than ${TICKETS}: photos:read.`;
  const SEVERAL =
    'The scope belongs to several resources: photos:read tickets:read. Name one resource, and its scope.';
  const BOTH_SCOPES = { scope: 'photos:read tickets:read' };
  type Send = (sent: Record<string, string>) => Promise<Record<string, string>>;

  it.each<[string, string, Send, Record<string, string>]>([
    ['authorize', FOREIGN, atAuthorize, { scope: 'openid photos:read', resource: TICKETS }],
    ['authorize', FOREIGN, atAuthorize, { ...BOTH_SCOPES, resource: TICKETS }],
    ['authorize', FOREIGN, atAuthorize, { scope: 'photos:read', audience: TICKETS }],
    [
      'authorize',
      `No word of the scope belongs to ${TICKETS}: openid photos:read.`,
      atAuthorize,
      { scope: 'openid photos:read', resource: `${PHOTOS} ${TICKETS}` },
    ],
    [
      'authorize',
      `Scope of another resource than ${ISSUER}: photos:read tickets:read.`,
      atAuthorize,
      { resource: ISSUER },
    ],
    ['authorize', 'Unknown resource: urn:x.', atAuthorize, { audience: 'urn:x' }],
    ['code', 'Unknown resource: urn:x.', signIn, { audience: 'urn:x' }],
    [
      'code',
      `resource and audience differ: ${TICKETS} ${PHOTOS}.`,
      signIn,
      { audience: PHOTOS, resource: TICKETS },
    ],
    [
      'code',
      `Name one resource per access token: ${PHOTOS} ${TICKETS}.`,
      signIn,
      { resource: `${PHOTOS} ${TICKETS}` },
    ],
    ['refresh', FOREIGN, atRefresh, { scope: 'openid photos:read', resource: TICKETS }],
    ['refresh', FOREIGN, atRefresh, { ...BOTH_SCOPES, audience: TICKETS }],
    [
      'refresh',
      `No word of the scope belongs to ${TICKETS}: openid.`,
      atRefresh,
      { scope: 'openid', resource: TICKETS },
    ],
    ['client credentials', FOREIGN, forService, { scope: 'photos:read', resource: TICKETS }],
    ['client credentials', FOREIGN, forService, { ...BOTH_SCOPES, resource: TICKETS }],
    ['client credentials', 'Unknown resource: urn:x.', forService, { audience: 'urn:x' }],
    ['client credentials', SEVERAL, forService, BOTH_SCOPES],
    ['exchange', FOREIGN, atExchange, { scope: 'photos:read', resource: TICKETS }],
    ['exchange', FOREIGN, atExchange, { ...BOTH_SCOPES, audience: TICKETS }],
    ['exchange', SEVERAL, atExchange, BOTH_SCOPES],
    ['exchange', `Resource not granted: ${ISSUER}.`, atExchange, { resource: ISSUER }],
  ])('gets invalid_target at %s: "%s"', async (_, error_description, send, parameters) => {
    expect(await send(parameters)).toMatchObject({ error: 'invalid_target', error_description });
  });

  it.each<[string, Record<string, string>, Send, string]>([
    ['a sign-in', { audience: TICKETS }, signIn, 'tickets:read'],
    // RFC 6749 §4.1.3 has no scope here, and some client libraries send it.
    ['a sign-in', { scope: 'x' }, signIn, 'openid offline_access photos:read'],
    ['a refresh', { audience: `${TICKETS}/` }, atRefresh, 'tickets:read'],
    ['a refresh', { scope: 'openid tickets:read', resource: TICKETS }, atRefresh, 'tickets:read'],
    ['a refresh', { scope: TWO }, atRefresh, 'openid offline_access photos:read'],
    ['a service', { audience: TICKETS }, forService, 'tickets:read'],
    ['a service', { scope: 'tickets:read', resource: TICKETS }, forService, 'tickets:read'],
    ['a service', {}, forService, 'photos:read'],
  ])('answers the scope that the token of %s has, for %j', async (_, parameters, send, scope) => {
    const answer = await send(parameters);
    expect([answer['scope'], decodeClaims(answer['access_token'])['scope']]).toEqual([
      scope,
      scope,
    ]);
  });
});
