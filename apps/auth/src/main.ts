import 'reflect-metadata';
import { runMain, runService, toRunOptions } from '@gatehouse/service-kit';
import { loadCommonPasswords } from './accounts/password-policy.js';
import { AppModule, serviceOptions } from './app.module.js';
import { authConfig } from './auth.config.js';

await runMain(async () => {
  const config = authConfig();
  loadCommonPasswords();
  await runService(AppModule.forRoot(config), {
    ...serviceOptions(config),
    ...toRunOptions(config),
  });
});
