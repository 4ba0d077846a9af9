import 'reflect-metadata';
import { runMain, runService, toRunOptions } from '@gatehouse/service-kit';
import { AppModule } from './app.module.js';
import { ordersConfig } from './orders.config.js';
import { serviceOptions } from './service.js';

await runMain(async () => {
  const config = ordersConfig();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...toRunOptions(config),
  });
});
