import { Module } from '@nestjs/common';
import { AuthorizationServerModule } from '../authorization-server/authorization-server.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { RefreshService } from './refresh.service.js';
import { TokenService } from './token.service.js';

@Module({
  imports: [AuthorizationServerModule, SessionsModule],
  providers: [RefreshService, TokenService],
  exports: [AuthorizationServerModule, RefreshService, SessionsModule, TokenService],
})
export class TokensModule {}
