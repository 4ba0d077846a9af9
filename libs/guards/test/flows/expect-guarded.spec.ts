import {
  Body,
  Controller,
  Get,
  type INestApplication,
  Module,
  Post,
  VersioningType,
} from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import {
  GuardsModule,
  type IssuerOptions,
  OptionalToken,
  Public,
  RequireAnyScope,
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

  it('sends bound tokens with proofs to an application that requires DPoP (RFC 9449 §7.2)', async () => {
    const issuers: [IssuerOptions] = [{ ...issuer.options, requiresDpop: true }];
    const { audience } = issuer;
    const dpop = { requiresNonce: true };
    const bound = await guardedApp(adapter, { audience, issuers, dpop });

    expect(await expectGuarded(bound, issuer)).toEqual(['GET /orders', 'GET /orders/archive']);
    await bound.close();
  });

  it('fails for an application without a guarded route', async () => {
    @Module({ imports: [GuardsModule.forRoot(issuer.options)] })
    class EmptyModule {}
    const empty = await NestFactory.create(EmptyModule, adapter(), { logger: false });

    await expect(expectGuarded(empty, issuer)).rejects.toThrow('no route that requires a token');
    await empty.close();
  });
});
