import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createService } from '@gatehouse/service-kit';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AppModule } from '../../src/app.module.js';
import { serviceOptions } from '../../src/service.js';
import { webConfig } from '../../src/web.config.js';

export const PUBLIC_URL = 'https://shop.example';

export const createClientKey = (): string =>
  JSON.stringify(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  );

/** The headers that the client's page sends. */
export const FROM_PAGE = { 'x-requested-by': 'web', origin: PUBLIC_URL } as const;

/** One running shop for all tests of a file, without an authorization server, on SQLite in a temporary folder. */
export function useRunningWeb(settings: () => Readonly<Record<string, string>> = () => ({})) {
  let app: NestFastifyApplication | undefined;
  let folder = '';
  const log: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-web-'));
    const clientFolder = join(folder, 'client');
    await mkdir(join(clientFolder, 'assets'), { recursive: true });
    await writeFile(join(clientFolder, 'index.html'), '<!doctype html><title>Shop</title>');
    await writeFile(join(clientFolder, 'assets/main-1a2b.js'), 'export {};');
    await writeFile(join(clientFolder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(join(folder, 'secret.txt'), 'outside');
    const config = webConfig({
      DATA_DIR: folder,
      PUBLIC_URL,
      // Port 9 is the discard service, which does not run.
      AUTH_ISSUER: 'http://localhost:9',
      CLIENT_KEY: createClientKey(),
      ...settings(),
    });
    const logTo = { write: (line: string) => void log.push(line) };
    const module = AppModule.forRoot(config, { clientFolder });
    app = await createService(module, { ...serviceOptions(config), logTo });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    log,
    get: <Service>(type: Type<Service> | symbol): Service => {
      if (!app) throw new Error('call it inside a test');
      return app.get<Service>(type, { strict: false });
    },
    request: () => {
      if (!app) throw new Error('call it inside a test');
      return supertest(app.getHttpServer());
    },
  };
}
