import { once } from 'node:events';
import type { Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import passport from 'passport';
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
