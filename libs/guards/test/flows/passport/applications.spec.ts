import type { ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import request from 'supertest';
import type { AccessToken } from '../../../src/index.js';
import { AccessTokenStrategy } from '../../../src/passport/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import { passportApp } from '../../support/passport-app.js';

/** Every application has a strategy of this name, which is the default. */
const guard = AuthGuard('jwt');

function strategyOf(service: string): Type {
  class JwtStrategy extends AccessTokenStrategy {
    override validate({ subject }: AccessToken) {
      return { subject, service };
    }
  }
  return JwtStrategy;
}

/** A strategy of another package, which accepts every call. */
class OtherPackage {
  declare readonly success: (user: unknown) => void;
  readonly name = 'jwt';

  authenticate() {
    this.success({ subject: 'another user' });
  }
}
class OtherStrategy extends PassportStrategy(OtherPackage) {
  validate(): void {}
}

describe.each(platforms)('applications of one process on %s', (_platform, adapter) => {
  let orders: TestIssuer;
  let billing: TestIssuer;
  const apps: INestApplication[] = [];

  beforeAll(async () => {
    orders = await TestIssuer.start();
    billing = await TestIssuer.start();
  });
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
  afterAll(() => Promise.all([orders.close(), billing.close()]));

  async function start(issuer: TestIssuer, strategy: Type): Promise<INestApplication> {
    const { options } = issuer;
    const app = await passportApp({ adapter, options, guard, providers: [strategy] });
    apps.push(app);
    return app;
  }

  async function send(app: INestApplication, issuer?: TestIssuer): Promise<unknown> {
    const call = request(app.getHttpServer()).get('/profile');
    if (issuer) call.set('Authorization', `Bearer ${issuer.accessToken()}`);
    const { status, body } = await call;
    return status === 200 ? body.user : status;
  }

  it('each application accepts tokens of its own issuer only, under the same name of strategy', async () => {
    const first = await start(orders, strategyOf('orders'));
    const second = await start(billing, strategyOf('billing'));

    expect(await send(first, orders)).toEqual({ subject: 'alice', service: 'orders' });
    expect(await send(second, billing)).toEqual({ subject: 'alice', service: 'billing' });
    expect([await send(first, billing), await send(second, orders)]).toEqual([401, 401]);
  });

  it('one application keeps its strategy when another one of the process closes', async () => {
    const first = await start(orders, strategyOf('orders'));
    await (await start(billing, strategyOf('billing'))).close();

    expect(await send(first, orders)).toEqual({ subject: 'alice', service: 'orders' });
  });

  it.each(['before', 'after'])(
    'each application runs its own strategy when another package registers the name %s it',
    async (when) => {
      const startOther = () => start(billing, OtherStrategy);
      const other = when === 'before' ? await startOther() : undefined;
      const guarded = await start(orders, strategyOf('orders'));
      const open = other ?? (await startOther());

      expect(await send(open)).toEqual({ subject: 'another user' });
      expect(await send(guarded)).toBe(401);
      expect(await send(guarded, orders)).toEqual({ subject: 'alice', service: 'orders' });
    },
  );

  it('an application without the strategy gets an error, and never the strategy of another application', async () => {
    class OrdersStrategy extends AccessTokenStrategy {
      constructor() {
        super({ name: 'orders' });
      }
    }
    const guard = AuthGuard('orders');
    const { options } = orders;
    const guarded = await passportApp({ adapter, options, guard, providers: [OrdersStrategy] });
    const without = await passportApp({ adapter, options, guard, providers: [] });
    apps.push(guarded, without);

    expect(await send(guarded, orders)).toMatchObject({ subject: 'alice' });
    expect(await send(without, orders)).toBe(500);
  });

  it('a handshake that does not name its application gets an error', async () => {
    class HandshakeStrategy extends AccessTokenStrategy {
      constructor() {
        super({ name: 'handshake' });
      }
    }
    class HandshakeGuard extends AuthGuard('handshake') {
      override getRequest(context: ExecutionContext) {
        const { headers } = context.switchToHttp().getRequest<{ headers: object }>();
        return { headers };
      }
    }
    const startOne = async ({ options }: TestIssuer) => {
      const providers = [HandshakeStrategy];
      const app = await passportApp({ adapter, options, guard: HandshakeGuard, providers });
      apps.push(app);
      return app;
    };
    const first = await startOne(orders);
    const get = () =>
      request(first.getHttpServer())
        .get('/profile')
        .set('Authorization', `Bearer ${orders.accessToken()}`);

    expect((await get()).status).toBe(200);
    await startOne(billing);
    expect((await get()).status).toBe(500);
  });
});
