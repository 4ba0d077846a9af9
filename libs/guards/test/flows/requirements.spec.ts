import {
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Scope,
} from '@nestjs/common';
import request from 'supertest';
import {
  type AccessPolicy,
  AccessRules,
  AccessToken,
  Claim,
  GuardsModule,
  OptionalToken,
  Policy,
  Public,
  type Rejection,
  RequireAnyScope,
  RequireClaim,
  RequireRole,
  RequireScopes,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { platforms, start } from '../support/guarded-app.js';

/** A policy of ownership that needs another provider. */
@Injectable()
class OrderOwners {
  readonly byOrder = new Map([['o1', 'alice']]);
}

@Injectable()
class OwnsOrder implements AccessPolicy {
  constructor(private readonly owners: OrderOwners) {}

  async allows({ subject }: AccessToken, context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<{ params: { id: string } }>().params;
    if (!this.owners.byOrder.has(id)) throw new NotFoundException();
    return this.owners.byOrder.get(id) === subject;
  }
}

/** The prototype has no method `allows`, so the decorator cannot recognize the policy. */
class AllowsAll implements AccessPolicy {
  allows = () => true;
}

const onWeekdays = (token: AccessToken) => token.claims['day'] !== 'sunday';

@Controller()
@RequireScopes('base')
class RequirementsController {
  @Get('any')
  @RequireAnyScope('read', 'admin')
  any() {}

  @Get('any-twice')
  @RequireAnyScope('a', 'b')
  @RequireAnyScope('c', 'd')
  anyTwice() {}

  @Get('tenant')
  @RequireClaim('tenant', 'acme')
  tenant() {}

  @Get('roles')
  @RequireClaim(['realm_access', 'roles'], (roles) => Array.isArray(roles) && roles.includes('vip'))
  roles() {}

  @Get('staff')
  @RequireRole('support', 'admin')
  staff() {}

  @Get('staff-twice')
  @RequireRole('support', 'admin')
  @RequireRole('eu')
  staffTwice() {}

  @Get('role-claim')
  @RequireClaim('roles', 'admin')
  roleClaim() {}

  @Get('orders/:id')
  @Policy(OwnsOrder)
  owned(@Param('id') id: string) {
    return { id };
  }

  @Get('weekdays')
  @Policy(onWeekdays)
  weekdays() {}

  @Get('broken')
  @Policy(() => {
    throw new Error('the policy itself is broken: secret detail');
  })
  broken() {}

  @Get('truthy')
  @Policy(() => 'yes' as never)
  truthy() {}

  @Get('greeting')
  @OptionalToken()
  greeting(@AccessToken() token: AccessToken | undefined) {
    return { hello: token?.subject ?? 'stranger' };
  }

  @Get('claims')
  claims(
    @Claim('tenant') tenant: string,
    @Claim('level', { optional: true }) level?: number,
    @Claim(['act', 'sub'], { optional: true }) actor?: string,
  ) {
    return { tenant, level, actor };
  }

  @Get('open')
  @Public()
  open() {}
}

describe.each(platforms)('requirements of handlers on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    @Module({ providers: [OrderOwners, OwnsOrder] })
    class PoliciesModule {}
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const guards = GuardsModule.forRoot({ ...issuer.options, onRejected });
    app = await start(adapter, [guards, PoliciesModule], [RequirementsController]);
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (path: string, claims: Record<string, unknown> = {}) =>
    request(app.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'base', ...claims })}`);

  it.each([
    ['/any', { scope: 'base admin' }],
    ['/any-twice', { scope: 'base b c' }],
    ['/tenant', { tenant: 'acme' }],
    ['/roles', { realm_access: { roles: ['vip'] } }],
    ['/orders/o1', { sub: 'alice' }],
    ['/weekdays', { day: 'monday' }],
  ])('answers 200 to %s for a token with %j', async (path, claims) => {
    expect((await get(path, claims)).status).toBe(200);
    expect(rejections).toEqual([]);
  });

  it.each([
    ['none of the scopes', '/any', { scope: 'base' }, 'scope="base read"', 'insufficient_scope'],
    [
      'neither the scope of the controller nor of the handler',
      '/any',
      { scope: 'x' },
      'scope="base read"',
      'insufficient_scope',
    ],
    [
      'only one of two alternatives',
      '/any-twice',
      { scope: 'base a' },
      'scope="base c a"',
      'insufficient_scope',
    ],
    ['another value of the claim', '/tenant', { tenant: 'evil' }, '', 'insufficient_claims'],
    ['the value in a list', '/tenant', { tenant: ['acme'] }, '', 'insufficient_claims'],
    ['no claim', '/tenant', {}, '', 'insufficient_claims'],
    ['no claim for a predicate', '/roles', {}, '', 'insufficient_claims'],
    ['another role', '/roles', { realm_access: { roles: ['x'] } }, '', 'insufficient_claims'],
    ['another owner', '/orders/o1', { sub: 'mallory' }, '', 'refused_by_policy'],
    ['a policy that returns false', '/weekdays', { day: 'sunday' }, '', 'refused_by_policy'],
    ['a policy that returns a truthy value', '/truthy', {}, '', 'refused_by_policy'],
  ])('answers 403 insufficient_scope: %s at %s', async (_name, path, claims, named, reason) => {
    const answer = await get(path, claims);

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('Bearer error="insufficient_scope"');
    expect(answer.headers['www-authenticate']).toContain(named);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      message: 'Forbidden',
    });
    expect(rejections).toMatchObject([{ reason, issuer: issuer.issuer }]);
  });

  it('lets a policy answer with an exception, such as 404 for an unknown order', async () => {
    expect((await get('/orders/o2')).status).toBe(404);
  });

  it('answers 500 without details when a policy throws an error', async () => {
    const answer = await get('/broken');

    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret detail');
  });

  it('checks scopes and claims before policies', async () => {
    expect((await get('/orders/o2', { scope: 'x' })).status).toBe(403);
  });

  it('accepts no token or a valid one with @OptionalToken(), and refuses an invalid one', async () => {
    const server = app.getHttpServer();

    expect((await request(server).get('/greeting')).body).toEqual({ hello: 'stranger' });
    expect((await get('/greeting', { scope: '' })).body).toEqual({ hello: 'alice' });
    expect((await get('/greeting', { exp: 1 })).status).toBe(401);
    const basic = await request(server).get('/greeting').set('Authorization', 'Bearer a b');
    expect(basic.status).toBe(400);
  });

  it('injects claims of the declared type with @Claim() and refuses a token without them', async () => {
    const good = await get('/claims', { tenant: 'acme', level: 3, act: { sub: 'robot' } });

    expect(good.body).toEqual({ tenant: 'acme', level: 3, actor: 'robot' });
    expect((await get('/claims', { tenant: 'acme' })).body).toEqual({ tenant: 'acme' });
    expect((await get('/claims')).status).toBe(403);
    expect((await get('/claims', { tenant: { $ne: '' } })).status).toBe(403);
    expect((await get('/claims', { tenant: 'acme', level: '3' })).status).toBe(403);
  });

  it.each([
    ['/staff', { roles: ['admin'] }, 200],
    ['/staff', { roles: ['x', 'support'] }, 200],
    ['/staff', { roles: 'admin' }, 200],
    ['/staff', { roles: 'user admin' }, 403],
    ['/staff', { roles: ['user admin'] }, 403],
    ['/staff', { roles: ['Admin'] }, 403],
    ['/staff', { roles: [['admin']] }, 403],
    ['/staff', { roles: { admin: true } }, 403],
    ['/staff', { groups: ['admin'] }, 403],
    ['/staff', {}, 403],
    ['/staff-twice', { roles: ['admin', 'eu'] }, 200],
    ['/staff-twice', { roles: ['admin', 'support'] }, 403],
    ['/staff-twice', { roles: ['eu'] }, 403],
  ])(
    'demands one of the roles of each @RequireRole() (RFC 9068 §2.2.3.1): %s %j',
    async (path, claims, status) => {
      expect((await get(path, claims)).status).toBe(status);
    },
  );

  it('answers a missing role like a missing claim, and logs the roles that suffice (RFC 6750 §3.1)', async () => {
    const answer = await get('/staff', { roles: ['customer'] });
    await get('/staff');

    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(JSON.stringify(answer.body)).not.toContain('support');
    expect(rejections).toMatchObject([
      {
        reason: 'insufficient_claims',
        cause: { message: 'one of these roles is required: support, admin' },
      },
      { cause: { message: expect.stringContaining('no roles where `claims.roles` looks') } },
    ]);
  });

  it.each([
    [
      { roles: ['admin'] },
      'the claim roles holds a list, and admin is one value: use @RequireRole() or a predicate',
    ],
    [{ roles: 'user' }, 'the claim roles has another value'],
    [{}, 'the claim roles is missing'],
  ])('logs why @RequireClaim() refuses %j, without the value', async (claims, message) => {
    expect((await get('/role-claim', claims)).status).toBe(403);
    expect(rejections).toMatchObject([{ reason: 'insufficient_claims', cause: { message } }]);
  });

  it('rejects @RequireRole() without roles', () => {
    const requireRole: (...roles: never[]) => unknown = RequireRole;
    expect(() => requireRole()).toThrow(TypeError);
    expect(() => RequireRole('')).toThrow(TypeError);
  });

  it('lists all requirements in the table of access rules as plain data', () => {
    const table = app.get(AccessRules).table();
    const row = (handler: string) => table.find((it) => it.handler === handler);

    expect(row('anyTwice')).toMatchObject({ access: 'token', scopes: ['base'] });
    expect(row('anyTwice')?.anyScopes).toHaveLength(2);
    expect(row('tenant')?.claims).toEqual(['tenant = acme']);
    expect(row('staff')?.roles).toEqual([['support', 'admin']]);
    expect(row('tenant')).not.toHaveProperty('roles');
    expect(row('roles')?.claims).toEqual(['realm_access.roles']);
    expect(row('owned')?.policies).toEqual(['OwnsOrder']);
    expect(row('weekdays')?.policies).toEqual(['onWeekdays']);
    expect(row('greeting')).toMatchObject({ access: 'optional', scopes: [] });
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
  });
});

describe('boot audit of requirements', () => {
  it.each([
    ['a policy that is not a provider', Policy(OwnsOrder), 'OwnsOrder'],
    ['a policy without `allows` on its prototype', Policy(AllowsAll), 'AllowsAll'],
    ['@OptionalToken() with a requirement', both(OptionalToken(), RequireScopes('a')), 'open'],
    ['@OptionalToken() with @Public()', both(OptionalToken(), Public()), 'open'],
  ])('stops the start with %s', async (_name, decorator, message) => {
    class Broken {
      handler() {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Broken.prototype, 'handler') ?? {};
    Get('broken')(Broken.prototype, 'handler', descriptor);
    decorator(Broken.prototype, 'handler', descriptor);
    Controller()(Broken);
    await expect(startWith(Broken)).rejects.toThrow(message);
  });

  it('stops the start with a request-scoped policy, which does not exist at the start', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest implements AccessPolicy {
      allows() {
        return true;
      }
    }
    @Controller()
    class Broken {
      @Get('broken')
      @Policy(PerRequest)
      handler() {}
    }
    await expect(startWith(Broken, [PerRequest])).rejects.toThrow('Broken.handler');
  });

  function both(one: MethodDecorator, other: MethodDecorator): MethodDecorator {
    return (...target) => {
      one(...target);
      other(...target);
    };
  }

  async function startWith(controller: new () => object, providers: (new () => object)[] = []) {
    @Module({ providers })
    class PoliciesModule {}
    const [, adapter] = platforms[0] ?? [];
    if (!adapter) throw new Error('No platform');
    const issuer = await TestIssuer.start();
    const guards = GuardsModule.forRoot(issuer.options);
    await start(adapter, [guards, PoliciesModule], [controller]).finally(() => issuer.close());
  }
});
