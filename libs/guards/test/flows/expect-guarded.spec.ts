import { EventEmitter, once } from 'node:events';
import {
  Body,
  type CanActivate,
  Controller,
  ForbiddenException,
  Get,
  type INestApplication,
  Module,
  NotFoundException,
  Post,
  Sse,
  UnauthorizedException,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, NestFactory, RouterModule } from '@nestjs/core';
import { NEVER } from 'rxjs';
import {
  Claim,
  GuardsModule,
  keycloak,
  OptionalToken,
  Policy,
  Public,
  RequireAnyScope,
  RequireClaim,
  RequireRecentLogin,
  RequireRole,
  RequireScopes,
} from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { guardedApp, OrdersController, platforms } from '../support/guarded-app.js';

@Controller(['invoices', 'bills'])
class InvoicesController {
  @Get(':id')
  @RequireAnyScope('billing:read', 'billing:admin')
  read() {}

  @Post()
  @RequireScopes('billing:write')
  create(@Body() _body: object) {}

  @Get('rates/today')
  @OptionalToken()
  rates() {}

  @Get('about')
  @Public()
  about() {}
}

/** A middleware that answers before the guard runs. */
class Leak {
  static middleware(_request: unknown, response: { end(text: string): void }) {
    response.end('{}');
  }
}

const denyAll = () => false;

@Controller('rules')
class RulesController {
  @Get('claims')
  @RequireScopes('orders:read')
  @RequireClaim(['tenant', 'id'], 7)
  @RequireClaim(['tenant', 'is_active'], true)
  @RequireRecentLogin({ seconds: 60 })
  @RequireRole('support', 'admin')
  @RequireRole('eu')
  claims() {
    calls.emit('claims');
  }

  @Get('policy')
  @Policy(denyAll)
  policy() {}

  @Get('predicate')
  @RequireClaim('roles', (roles) => Array.isArray(roles) && roles.includes('support'))
  predicate() {}

  @Get('missing')
  @RequireScopes('orders:read')
  missing() {
    throw new NotFoundException();
  }

  @Get('owned')
  @RequireScopes('orders:read')
  owned() {
    throw new ForbiddenException('You are not the owner');
  }

  @Sse('events')
  @RequireScopes('orders:read')
  events() {
    return NEVER;
  }
}

@Controller('tenants')
class TenantsController {
  @Get()
  @RequireScopes('orders:read')
  list(@Claim('tenant') _tenant: string) {
    calls.emit('tenants');
  }
}

@Controller('legacy')
class LegacyController {
  @Get()
  list() {}
}

const calls = new EventEmitter();

/** The guard of a service that keeps its own `JwtStrategy` for all handlers. It knows no key of the new issuer. */
class KeptGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

describe.each(platforms)('expectGuarded on %s', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeEach(async () => {
    issuer = await TestIssuer.start();
    @Module({ controllers: [InvoicesController] })
    class InvoicesModule {}
    @Module({
      imports: [
        GuardsModule.forRoot(issuer.options),
        InvoicesModule,
        RouterModule.register([{ path: 'accounts', module: InvoicesModule }]),
      ],
      controllers: [OrdersController],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
  });
  afterEach(async () => {
    await app.close();
    await issuer.close();
  });

  it('requests every guarded route, with prefixes, versions and module paths', async () => {
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });

    expect(await expectGuarded(app, issuer)).toEqual([
      'GET /api/v2/accounts/bills/rates/today',
      'GET /api/v2/accounts/bills/x',
      'GET /api/v2/accounts/invoices/rates/today',
      'GET /api/v2/accounts/invoices/x',
      'GET /api/v2/orders',
      'GET /api/v2/orders/archive',
      'POST /api/v2/accounts/bills',
      'POST /api/v2/accounts/invoices',
    ]);
  });

  it('names the routes that answer without a token', async () => {
    app.use('/orders/archive', Leak.middleware);

    await expect(expectGuarded(app, issuer)).rejects.toThrow(
      'GET /orders/archive with no token: answered 200, not 401',
    );
  });

  it('fails for an application without a guarded route', async () => {
    @Module({ imports: [GuardsModule.forRoot(issuer.options)] })
    class EmptyModule {}
    const empty = await NestFactory.create(EmptyModule, adapter(), { logger: false });

    await expect(expectGuarded(empty, issuer)).rejects.toThrow('no route that requires a token');
    await empty.close();
  });

  it('calls the handler with a token that meets scopes, claims and login age', async () => {
    const rules = await guardedApp(adapter, issuer.options, [RulesController]);
    const called = once(calls, 'claims');

    expect(await expectGuarded(rules, issuer)).toHaveLength(6);
    await called;
    await rules.close();
  });

  it('puts roles where the preset of the issuer reads them', async () => {
    const preset = keycloak({ url: 'https://sso.example', realm: 'shop', audience: 'orders' });
    const shop = await TestIssuer.as(preset, { algorithm: 'ES256' });
    const rules = await guardedApp(adapter, shop.options, [RulesController]);
    const called = once(calls, 'claims');

    expect(await expectGuarded(rules, shop)).toHaveLength(6);
    await called;
    await rules.close();
    await shop.close();
  });

  it('leaves out the routes that the options leave to other guards', async () => {
    const options = { ...issuer.options, guardedElsewhere: [LegacyController] };
    const controllers = [OrdersController, LegacyController];
    const migrating = await guardedApp(adapter, options, controllers);

    expect(await expectGuarded(migrating, issuer)).toEqual(['GET /orders', 'GET /orders/archive']);
    await migrating.close();
  });

  it('calls no handler with `callsHandlers: false`', async () => {
    const tenants = await guardedApp(adapter, issuer.options, [TenantsController]);

    expect(await expectGuarded(tenants, issuer, { callsHandlers: false })).toHaveLength(1);
    await tenants.close();
  });

  it('names the option for a claim that only the handler demands', async () => {
    const tenants = await guardedApp(adapter, issuer.options, [TenantsController]);
    const withTenant = await TestIssuer.start({ claims: { tenant: 'acme' } });
    const accepting = await guardedApp(adapter, withTenant.options, [TenantsController]);

    await expect(expectGuarded(tenants, issuer)).rejects.toThrow('TestIssuer.start({ claims })');
    expect(await expectGuarded(accepting, withTenant)).toEqual(['GET /tenants']);
    await Promise.all([tenants.close(), accepting.close(), withTenant.close()]);
  });

  it('names the routes on which a kept guard refuses a good token', async () => {
    @Module({
      imports: [GuardsModule.forRoot(issuer.options)],
      controllers: [OrdersController],
      providers: [{ provide: APP_GUARD, useClass: KeptGuard }],
    })
    class MigratingModule {}
    const migrating = await NestFactory.create(MigratingModule, adapter(), { logger: false });

    await expect(expectGuarded(migrating, issuer)).rejects.toThrow(
      'GET /orders with a good token: answered 401 without a challenge: another guard refused it',
    );
    await migrating.close();
  });

  it('names the routes of an application that trusts another issuer', async () => {
    const other = await TestIssuer.start();

    await expect(expectGuarded(app, other)).rejects.toThrow(
      'GET /orders with a good token: answered 401 with Bearer',
    );
    await other.close();
  });
});
