import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Shutdown } from './shutdown.js';

/** Once shutdown has begun every answer ends its connection: a connection kept alive would hold the process up until it idles out. */
export function closeConnectionsOnShutdown(app: NestFastifyApplication): void {
  const shutdown = app.get(Shutdown);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, _payload, done) => {
      if (shutdown.hasBegun) reply.header('Connection', 'close');
      done();
    });
}
