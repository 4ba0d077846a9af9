import { GuardsModule } from '@gatehouse/guards';
import { type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { ISSUER, PHOTOS, type TestAuth } from './test-auth.js';

/** Starts a resource server for photos with one controller. */
export async function startPhotos(auth: TestAuth, controller: Type): Promise<INestApplication> {
  const keys = auth.app.get(SigningKeyService);
  const guards = GuardsModule.forRoot({
    issuer: ISSUER,
    audience: PHOTOS,
    keys: () => keys.keySet,
    ignoresTokenStatus: true,
    algorithms: ['ES256'],
    now: () => auth.clock.now(),
  });
  @Module({ imports: [guards], controllers: [controller] })
  class PhotosModule {}
  const app = await NestFactory.create(PhotosModule, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}
