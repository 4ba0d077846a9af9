import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { ISSUER, PHOTOS, TestAuth } from '../support/test-auth.js';

const FOLDER = fileURLToPath(new URL('../../../../test/clients/verifiers', import.meta.url));
const LIFETIME = 3600;

/** Services with libraries that others wrote, as docs/recipes/verify-in-other-languages.md configures them. */
describe('an access token at services with other libraries (RFC 9068 §4)', () => {
  let auth: TestAuth;
  let services: ChildProcess;
  let addresses: Record<string, string>;
  let tokens: Record<string, string>;

  beforeAll(async () => {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: FOLDER });
    auth = await TestAuth.start({
      ID_TOKEN_ALGORITHM: 'RS256',
      ACCESS_TOKEN_TTL: String(LIFETIME),
      ID_TOKEN_TTL: String(LIFETIME),
    });
    tokens = await obtainTokens();
    const JWKS_URI = `${auth.url}/.well-known/jwks.json`;
    services = spawn(process.execPath, ['services.mjs'], {
      cwd: FOLDER,
      env: { ...process.env, ISSUER, AUDIENCE: PHOTOS, JWKS_URI },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!services.stdout) throw new Error('no output');
    const [line] = await once(createInterface(services.stdout), 'line');
    addresses = JSON.parse(String(line));
  }, 300_000);
  afterAll(async () => {
    services?.kill();
    await auth?.stop();
  });

  async function obtainTokens(): Promise<Record<string, string>> {
    // The services have the clock of this machine.
    const behind = Math.floor((Date.now() - auth.clock.now()) / 1000);
    auth.clock.advance({ seconds: behind - 2 * LIFETIME });
    const clientId = await aClient(auth);
    const [browser, account] = [new TestBrowser(auth), await anAccount(auth)];
    await browser.signIn(account);
    await browser.grantConsent(account, clientId);
    const obtain = async (scope: string) => {
      const code = await browser.obtainCode(clientId, { scope });
      const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
      const { body } = await auth.token({
        ...grant,
        client_id: clientId,
        code_verifier: VERIFIER,
      });
      return { accessToken: body['access_token'] ?? '', idToken: body['id_token'] ?? '' };
    };
    const { accessToken: expired } = await obtain('photos:read');
    auth.clock.advance({ seconds: 2 * LIFETIME });
    const signIn = await obtain('openid photos:read');
    const { accessToken: single } = await obtain('photos:read');
    const { accessToken: foreign } = await obtain('tickets:read');
    const unknownKey = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"unknown"}');
    return {
      'one audience': single,
      'a list of audiences': signIn.accessToken,
      'another audience': foreign,
      'a past expiry': expired,
      'the type of an ID token': signIn.idToken,
      'a wrong signature': `${single.slice(0, -6)}AAAAAA`,
      'an unknown key': [unknownKey.toString('base64url'), ...single.split('.').slice(1)].join('.'),
    };
  }

  const send = async (library: string, kind: string): Promise<number> => {
    const headers = { authorization: `Bearer ${tokens[kind] ?? ''}` };
    return (await fetch(addresses[library] ?? '', { headers })).status;
  };

  it.each([
    'express-oauth2-jwt-bearer',
    'passport-jwt with jwks-rsa',
    '@fastify/jwt with get-jwks',
    'hono',
    'jose',
  ])('accepts one audience or a list, and refuses other tokens, at %s', async (library) => {
    const statuses: Record<string, number> = {};
    for (const kind of Object.keys(tokens)) statuses[kind] = await send(library, kind);
    expect(statuses).toEqual({
      'one audience': 200,
      'a list of audiences': 200,
      'another audience': 401,
      'a past expiry': 401,
      'the type of an ID token': 401,
      'a wrong signature': 401,
      'an unknown key': 401,
    });
  });
});
