import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RequireScopes } from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';
import { it } from '../support/slow-test.js';

@Controller('reports')
class ReportsController {
  @Get()
  @RequireScopes('orders:read')
  create() {
    return new Promise(() => undefined);
  }
}

it('takes a handler that does not answer as one that the guards admitted', async () => {
  const issuer = await TestIssuer.start();
  const app = await guardedApp(() => new ExpressAdapter(), issuer.options, [ReportsController]);

  expect(await expectGuarded(app, issuer)).toEqual(['GET /reports']);
  await app.close();
  await issuer.close();
});
