import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createService } from '@gatehouse/service-kit';

/**
 * Starts a built app, without a port and on an empty database, for as long as it is asked.
 *
 * @param {(service: object, config: object) => Promise<T>} ask
 * @returns {Promise<T>}
 * @template T
 */
export async function running(app, ask) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-docs-'));
  const { AppModule } = await import(`../../apps/${app}/dist/app.module.js`);
  const config = (await import(`../../apps/${app}/dist/${app}.config.js`))[`${app}Config`]({
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
  });
  const { serviceOptions } = await import(`../../apps/${app}/dist/service.js`);
  const service = await createService(AppModule.with(config), serviceOptions(config));
  try {
    return await ask(service, config);
  } finally {
    await service.close();
    await rm(folder, { recursive: true });
  }
}
