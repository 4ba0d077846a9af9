import { Module } from '@nestjs/common';
import { AuthorizationServerModule } from '../authorization-server/authorization-server.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { EndedSessionRepository } from './ended-session.repository.js';
import { LogoutTokenVerifier } from './logout-token.verifier.js';
import { LogoutController } from './logout.controller.js';

@Module({
  imports: [AuthorizationServerModule, SessionsModule],
  controllers: [LogoutController],
  providers: [EndedSessionRepository, LogoutTokenVerifier],
})
export class LogoutModule {}
