import 'reflect-metadata';
import { runOptionsOf, runService, start } from '@gatehouse/service-kit';
import { AppModule } from './app.module.js';
import { ordersConfig } from './orders.config.js';
import { serviceOptions } from './service.js';

await start(async () => {
  const config = ordersConfig();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...runOptionsOf(config),
  });
});
