import 'reflect-metadata';
import { runOptionsOf, runService, start } from '@gatehouse/service-kit';
import { AppModule } from './app.module.js';
import { authConfig } from './auth.config.js';
import { serviceOptions } from './service.js';

await start(async () => {
  const config = authConfig();
  await runService(AppModule.with(config), {
    ...serviceOptions(config),
    ...runOptionsOf(config),
  });
});
