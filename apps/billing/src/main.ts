import 'reflect-metadata';
import { runMain, runService, toRunOptions } from '@gatehouse/service-kit';
import { AppModule } from './app.module.js';
import { billingConfig } from './billing.config.js';
import { serviceOptions } from './service.js';

await runMain(async () => {
  const config = billingConfig();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...toRunOptions(config),
  });
});
