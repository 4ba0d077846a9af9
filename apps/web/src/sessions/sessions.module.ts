import { readOrCreateSecret, splitSecrets } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { Sealer } from './sealer.js';
import { SessionCookie } from './session-cookie.js';
import { SessionService } from './session.service.js';
import { WebSessionRepository } from './web-session.repository.js';

@Module({
  providers: [
    { provide: Sealer, inject: [WEB_CONFIG], useFactory: createSealer },
    SessionCookie,
    SessionService,
    WebSessionRepository,
  ],
  exports: [Sealer, SessionCookie, SessionService, WebSessionRepository],
})
export class SessionsModule {}

/** In development, both tools share a secret in the data folder. */
async function createSealer({ SESSION_SECRET, DATA_DIR }: WebConfig): Promise<Sealer> {
  const configured = SESSION_SECRET && splitSecrets(SESSION_SECRET);
  return new Sealer(configured || [await readOrCreateSecret(DATA_DIR, 'web-session-secret')]);
}
