import { once } from 'node:events';
import type { Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import passport from 'passport';
import { ExtractJwt, type JwtFromRequestFunction } from 'passport-jwt';
import request from 'supertest';
import type { AccessToken } from '../../../src/index.js';
import { AccessTokenStrategy } from '../../../src/passport/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { closeServer } from '../../../testing/loopback-server.js';
import { recordRejections } from '../../support/passport-app.js';

interface Answering {
  json(body: unknown): void;
}
type Handler = (request: { user?: unknown; account?: unknown }, response: Answering) => void;

let issuer: TestIssuer;
let server: Server;
const { rejections, onRejected } = recordRejections();

beforeEach(async () => {
  rejections.splice(0);
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await closeServer(server);
  await issuer.close();
});

/** An application of Express without Nest. */
async function start(
  strategy: AccessTokenStrategy,
  { names = 'jwt', options = {} }: { names?: string | string[]; options?: object } = {},
): Promise<void> {
  const own = new passport.Passport().use(strategy as passport.Strategy);
  const app = new ExpressAdapter().getInstance<{
    get(path: string, ...handlers: unknown[]): void;
    listen(port: number, host: string): Server;
  }>();
  const show: Handler = ({ user, account }, response) => response.json({ user, account });
  app.get('/profile', own.authenticate(names, { session: false, ...options }), show);
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function send(token?: string) {
  const call = request(server).get('/profile');
  return token === undefined ? call : call.set('Authorization', `Bearer ${token}`);
}

const options = () => ({ ...issuer.options, onRejected });
const challengeWith = (parameters: string) =>
  `Bearer ${parameters}resource_metadata="https://api.example/.well-known/oauth-protected-resource"`;

describe('passport.authenticate in Express without Nest', () => {
  it('sets request.user to the result of the verify callback', async () => {
    await start(
      new AccessTokenStrategy(options(), (token, done) => done(null, { id: token.subject })),
    );

    expect((await send(issuer.accessToken())).body).toEqual({ user: { id: 'alice' } });
  });

  it('sets request.user to the token without a verify callback', async () => {
    await start(new AccessTokenStrategy(options()));

    expect((await send(issuer.accessToken())).body.user).toMatchObject({ subject: 'alice' });
  });

  it('passes the request to the verify callback with passReqToCallback', async () => {
    const verify = (
      { url }: { url: string },
      { subject }: AccessToken,
      done: (error: unknown, user: unknown) => void,
    ) => done(null, { subject, url });
    await start(new AccessTokenStrategy({ ...options(), passReqToCallback: true }, verify));

    expect((await send(issuer.accessToken())).body.user).toEqual({
      subject: 'alice',
      url: '/profile',
    });
  });

  it('sets the property of the option assignProperty', async () => {
    await start(new AccessTokenStrategy({ ...options(), name: 'access' }), {
      names: 'access',
      options: { assignProperty: 'account' },
    });

    expect((await send(issuer.accessToken())).body.account).toMatchObject({ subject: 'alice' });
  });

  it('answers 401 with the challenge of RFC 6750 §3, and reports the refusal', async () => {
    await start(new AccessTokenStrategy(options()));

    const none = await send();
    const expired = await send(issuer.accessToken({ exp: 1 }));

    expect([none.status, none.headers['www-authenticate']]).toEqual([401, challengeWith('')]);
    expect([expired.status, expired.headers['www-authenticate']]).toEqual([
      401,
      challengeWith(
        'error="invalid_token", error_description="This access token is not valid here", ',
      ),
    ]);
    expect(rejections.map(({ reason }) => reason)).toEqual(['no_token', 'expired']);
  });

  it('answers 401 invalid_token when the verify callback finds no user', async () => {
    await start(new AccessTokenStrategy(options(), (_token, done) => done(null, false)));

    const answer = await send(issuer.accessToken());

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('answers 503 with Retry-After during an outage of the issuer', async () => {
    issuer.fail();
    await start(new AccessTokenStrategy(options()));

    const answer = await send(issuer.accessToken());

    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(rejections).toMatchObject([{ reason: 'keys_unavailable' }]);
  });

  it('passes an error of the verify callback to the error handler', async () => {
    const verify = () => {
      throw Object.assign(new Error('teapot'), { status: 418 });
    };
    await start(new AccessTokenStrategy(options(), verify));

    expect((await send(issuer.accessToken())).status).toBe(418);
  });
});

describe('option jwtFromRequest, with functions of passport-jwt', () => {
  const fromKey = ExtractJwt.fromHeader('x-token');
  const get = (headers: Record<string, string>, path = '/profile') =>
    request(server).get(path).set(headers);
  const startWith = (jwtFromRequest: JwtFromRequestFunction) =>
    start(new AccessTokenStrategy({ ...options(), jwtFromRequest }));

  it.each([
    ['another header', fromKey, (token: string) => ({ 'X-Token': token })],
    [
      'another scheme',
      ExtractJwt.fromAuthHeaderWithScheme('JWT'),
      (token: string) => ({ Authorization: `JWT ${token}` }),
    ],
    [
      'the Authorization header',
      ExtractJwt.fromExtractors([fromKey, ExtractJwt.fromAuthHeaderAsBearerToken()]),
      (token: string) => ({ Authorization: `Bearer ${token}` }),
    ],
  ])('accepts a token in %s', async (_place, jwtFromRequest, headers) => {
    await startWith(jwtFromRequest);

    expect((await get(headers(issuer.accessToken()))).body.user).toMatchObject({
      subject: 'alice',
    });
    expect((await get(headers(issuer.accessToken({ exp: 1 })))).status).toBe(401);
  });

  it('prefers the token of the Authorization header, so that one request has one token', async () => {
    await startWith(fromKey);
    const [good, expired] = [issuer.accessToken(), issuer.accessToken({ exp: 1 })];

    expect((await get({ Authorization: `Bearer ${expired}`, 'X-Token': good })).status).toBe(401);
    const Authorization = `Bearer ${good}`;
    expect((await get({ Authorization }, '/profile?access_token=x')).status).toBe(400);
  });

  it.each([
    ['no text', () => ({ $ne: '' }) as never],
    ['no token', () => null],
    ['an empty text', () => ''],
  ])('refuses a request in which it finds %s, as one without a token', async (_what, read) => {
    await startWith(read);

    const { status, headers } = await get({});

    expect([status, headers['www-authenticate']]).toEqual([401, challengeWith('')]);
  });

  it('refuses a token that is bound to a key of the client (RFC 9449 §7.2)', async () => {
    await startWith(fromKey);
    const bound = issuer.accessToken({ cnf: { jkt: 'A'.repeat(43) } });

    expect((await get({ 'X-Token': bound })).status).toBe(401);
  });
});
