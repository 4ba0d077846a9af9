import 'reflect-metadata';
import { runMain, runService, toRunOptions } from '@gatehouse/service-kit';
import { AppModule } from './app.module.js';
import { serviceOptions } from './service.js';
import { webConfig } from './web.config.js';

await runMain(async () => {
  const config = webConfig();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...toRunOptions(config),
  });
});
