import 'reflect-metadata';
import { runOptionsOf, runService, start } from '@gatehouse/service-kit';
import { AppModule, serviceOptions } from './app.module.js';
import { authConfig } from './auth.config.js';

await start(async () => {
  const config = authConfig();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...runOptionsOf(config),
  });
});
