import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import type { CorsOptions } from '@nestjs/common/interfaces/external/cors-options.interface.js';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import {
  AccessToken,
  Claim,
  GuardsModule,
  InsufficientScope,
  OptionalToken,
  Policy,
  RequireAnyScope,
  RequireRecentLogin,
  RequireScopes,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { platforms, start } from '../support/guarded-app.js';

@Controller('base')
@RequireScopes('base')
class BaseController {
  @Get('one')
  @RequireScopes('write')
  one() {}

  @Get('staff-first')
  @RequireAnyScope('read:any', 'read')
  staffFirst() {}

  @Get('staff-only')
  @RequireAnyScope('read:any', 'write:any')
  staffOnly() {}

  @Get('two')
  @RequireAnyScope('read:any', 'read', 'list')
  @RequireAnyScope('write', 'write:any')
  two() {}

  @Get('covered')
  @RequireScopes('list')
  @RequireAnyScope('read', 'list')
  covered() {}

  @Get('claim')
  @RequireAnyScope('read', 'list')
  claim(@Claim('tenant') tenant: string) {
    return { tenant };
  }

  @Get('recent')
  @RequireAnyScope('read', 'list')
  @RequireRecentLogin({ seconds: 60 })
  recent() {}

  @Get('policy')
  @RequireAnyScope('read', 'list')
  @Policy(() => false)
  policy() {}

  @Get('demanding-policy')
  @RequireAnyScope('read', 'read:any')
  @Policy(() => {
    throw new InsufficientScope(['read:any']);
  })
  demandingPolicy() {}

  @Get('demanding-handler')
  @RequireAnyScope('read', 'list')
  demandingHandler() {
    throw new InsufficientScope(['refund']);
  }
}

@Controller('free')
class FreeController {
  @Get('policy')
  @Policy(() => false)
  policy() {}

  @Get('optional')
  @OptionalToken()
  optional(@AccessToken() token: AccessToken | undefined) {
    return { subject: token?.subject };
  }
}

describe.each(platforms)('scopes of challenges on %s (RFC 6750 §3)', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const advertisedScopes = ['base', 'write', 'read', 'list'];
    const guards = GuardsModule.forRoot({ ...issuer.options, advertisedScopes });
    app = await start(adapter, [guards], [BaseController, FreeController]);
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const send = (path: string, token?: string) => {
    const call = request(app.getHttpServer()).get(path);
    return token === undefined ? call : call.set('Authorization', `Bearer ${token}`);
  };
  /** The status, and the scopes that the challenge names. */
  const refuse = async (path: string, token?: string) => {
    const { status, headers } = await send(path, token);
    const challenge = headers['www-authenticate'] ?? '';
    return [status, /[ ,]scope="([^"]*)"/.exec(challenge)?.[1]];
  };
  const withScope = (scope: string, claims = {}) => issuer.accessToken({ scope, ...claims });

  it('names the metadata and the scopes of the handler to a request without a token', async () => {
    const { headers } = await send('/base/one');
    expect(headers['www-authenticate']).toBe(
      'Bearer resource_metadata="https://api.example/.well-known/oauth-protected-resource", scope="base write"',
    );
  });

  it.each([
    ['of two alternatives the advertised one', '/base/staff-first', 'base read'],
    ['the first alternative if none is advertised', '/base/staff-only', 'base read:any'],
    ['one scope of each group of alternatives', '/base/two', 'base write read'],
    ['no alternative to a scope that it names anyway', '/base/covered', 'base list'],
  ])('names %s', async (_what, path, scope) => {
    expect(await refuse(path)).toEqual([401, scope]);
    expect(await refuse(path, issuer.accessToken({ exp: 1 }))).toEqual([401, scope]);
    expect(await refuse(path, withScope('other'))).toEqual([403, scope]);
  });

  it('names scopes that the token has beside the missing ones, so that a client can request all', async () => {
    expect(await refuse('/base/one', withScope('write'))).toEqual([403, 'base write']);
    expect(await refuse('/base/two', withScope('base list'))).toEqual([403, 'base write list']);
  });

  it('names an advertised alternative also to a token with one for staff', async () => {
    expect(await refuse('/base/two', withScope('base read:any'))).toEqual([403, 'base write read']);
  });

  it.each([
    ['a parameter without its claim', '/base/claim', 403],
    ['an old login (RFC 9470 §3)', '/base/recent', 401],
    ['a policy', '/base/policy', 403],
  ])('names the scopes of the handler when the refusal is by %s', async (_by, path, status) => {
    const token = withScope('base list', { auth_time: 1 });
    expect(await refuse(path, token)).toEqual([status, 'base list']);
  });

  it('adds the scope that a policy or a handler demands', async () => {
    const token = withScope('base read list');
    expect(await refuse('/base/demanding-policy', token)).toEqual([403, 'base read:any']);
    expect(await refuse('/base/demanding-handler', token)).toEqual([403, 'base read refund']);
  });

  it.each(['/free/policy', '/free/optional'])(
    'names no scope for %s, which requires none',
    async (path) => {
      const [status, scope] = await refuse(path, issuer.accessToken({ exp: 1 }));
      expect([status, scope]).toEqual([401, undefined]);
    },
  );

  it('names no scope for malformed credentials', async () => {
    expect(await refuse('/base/one', 'a b')).toEqual([400, undefined]);
  });
});

describe.each(platforms)(
  'headers of refusals for scripts on %s (Fetch §3.2.1)',
  (_platform, adapter) => {
    let issuer: TestIssuer;
    let app: INestApplication;

    beforeEach(async () => {
      issuer = await TestIssuer.start();
    });
    afterEach(async () => {
      await app.close();
      await issuer.close();
    });

    async function exposedHeaders(cors: CorsOptions | undefined, headers: object = {}) {
      class AppModule {}
      const guards = GuardsModule.forRoot(issuer.options);
      Module({ imports: [guards], controllers: [BaseController] })(AppModule);
      app = await NestFactory.create(AppModule, adapter(), { logger: false });
      if (cors) app.enableCors(cors);
      await app.listen(0, '127.0.0.1');
      const answer = await request(app.getHttpServer())
        .get('/base/one')
        .set({ Origin: 'https://web.example', ...headers });
      return answer.headers['access-control-expose-headers'];
    }

    it('the server exposes the headers of a refusal where CORS is on', async () => {
      expect(await exposedHeaders({})).toBe('WWW-Authenticate');
    });

    it('the server exposes them beside the headers that the application exposes', async () => {
      const cors = { origin: 'https://web.example', exposedHeaders: ['X-Total', 'Link'] };
      expect(await exposedHeaders(cors)).toMatch(/^X-Total, ?Link, WWW-Authenticate$/);
    });

    it('the server exposes Retry-After while the keys are unavailable (RFC 9110 §10.2.3)', async () => {
      issuer.fail();
      const headers = { Authorization: `Bearer ${issuer.accessToken()}` };
      expect(await exposedHeaders({}, headers)).toBe('Retry-After');
    });

    it.each<[string, CorsOptions | undefined]>([
      ['CORS is off', undefined],
      ['the origin of the request is not allowed', { origin: false }],
    ])('are not exposed where %s', async (_why, cors) => {
      expect(await exposedHeaders(cors)).toBeUndefined();
    });
  },
);
