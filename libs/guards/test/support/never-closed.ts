import { Test } from '@nestjs/testing';
import { GuardsModule } from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { OrdersController } from './guarded-app.js';

/** Fails on purpose before it closes anything. The slow tests run it in a process of its own. */
it('fails while the issuer and the application listen', async () => {
  const issuer = await TestIssuer.start({ hasStatusList: true });
  const testing = await Test.createTestingModule({
    imports: [GuardsModule.forRoot(issuer.options)],
    controllers: [OrdersController],
  }).compile();
  const app = await testing.createNestApplication().init();

  expect(await expectGuarded(app, issuer)).toEqual([]);
});
