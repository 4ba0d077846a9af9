import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  AccessRules,
  OptionalToken,
  Public,
  RequireAnyScope,
  RequireScopes,
  secureOpenApi,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';

@Controller('orders')
@RequireScopes('orders:read')
class OrdersController {
  @Get()
  list() {}

  @Get('all')
  @RequireAnyScope('support', 'admin')
  all() {}

  @Get('prices')
  @Public()
  prices() {}

  @Get('offers')
  @OptionalToken()
  offers() {}
}

@Controller('legacy')
class LegacyController {
  @Get()
  list() {}
}

describe('OpenAPI `security` (OpenAPI 3.1 §4.8.30)', () => {
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    const options = { ...issuer.options, guardedElsewhere: [LegacyController] };
    const controllers = [OrdersController, LegacyController];
    app = await guardedApp(() => new ExpressAdapter(), options, controllers);
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it.each([
    ['list', [{ token: ['orders:read'] }]],
    ['all', [{ token: ['orders:read', 'support'] }, { token: ['orders:read', 'admin'] }]],
    ['prices', []],
    ['offers', [{}, { token: [] }]],
    ['unknown', undefined],
  ])('describes the requirements of OrdersController.%s', (handler, security) => {
    const operation = { operationId: `OrdersController_${handler}` };
    secureOpenApi({ paths: { '/x': { get: operation } } }, app.get(AccessRules), 'token');

    expect(operation).toEqual({ ...operation, ...(security && { security }) });
    expect(Reflect.get(operation, 'security')).toEqual(security);
  });

  it('keeps the requirements that the document has for a handler of another guard', () => {
    const operation = { operationId: 'LegacyController_list', security: [{ apiKey: [] }] };
    secureOpenApi({ paths: { '/x': { get: operation } } }, app.get(AccessRules), 'token');

    expect(operation.security).toEqual([{ apiKey: [] }]);
  });
});
