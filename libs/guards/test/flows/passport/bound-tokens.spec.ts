import { Controller, Get, type INestApplication, Req, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import request from 'supertest';
import { RequireScopes } from '../../../src/index.js';
import { DpopClient, TestIssuer } from '../../../testing/index.js';
import { API, platforms } from '../../support/guarded-app.js';
import {
  besideAccessTokenGuard,
  JwtStrategy,
  passportApp,
  type PassportRequest,
  recordRejections,
} from '../../support/passport-app.js';

/** Guarded by passport and by AccessTokenGuard. */
@Controller()
class ArchiveController {
  @Get('archive')
  @RequireScopes('archive:read')
  @UseGuards(AuthGuard('jwt'))
  show(@Req() { user }: PassportRequest) {
    return { user };
  }
}

describe.each(platforms)('tokens that are bound to a key, behind AuthGuard on %s', (_, adapter) => {
  const client = new DpopClient();
  const { rejections, onRejected } = recordRejections();
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await TestIssuer.start({ audience: API });
    app = await passportApp({
      adapter,
      options: { ...issuer.options, dpop: {}, onRejected },
      guard: AuthGuard('jwt'),
      providers: [JwtStrategy],
      controllers: [ArchiveController],
      guards: besideAccessTokenGuard,
    });
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const boundToken = () => issuer.accessToken({ cnf: client.cnf, scope: 'archive:read' });
  const get = (path: string, headers: Record<string, string>) =>
    request(app.getHttpServer()).get(path).set(headers);
  const prove = (path: string, accessToken: string) => ({
    Authorization: `DPoP ${accessToken}`,
    DPoP: client.proof({ method: 'GET', url: `${API}${path}`, accessToken }),
  });

  it.each(['/profile', '/archive'])('accepts a proof once at %s (RFC 9449 §4.3)', async (path) => {
    const headers = prove(path, boundToken());

    expect((await get(path, headers)).body.user).toEqual({ userId: 'alice' });
    const replayed = await get(path, headers);
    expect([replayed.status, replayed.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('DPoP error="invalid_dpop_proof"'),
    ]);
    expect(rejections).toMatchObject([{ reason: 'replayed_proof' }]);
  });

  it('refuses a bound token that is sent as a bearer token (RFC 9449 §7.2)', async () => {
    const answer = await get('/profile', { Authorization: `Bearer ${boundToken()}` });

    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('Bearer error="invalid_token"'),
    ]);
    expect(rejections).toMatchObject([{ reason: 'bound_token' }]);
  });
});
