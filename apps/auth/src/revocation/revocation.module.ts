import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { IssuedTokensModule } from '../issued-tokens/issued-tokens.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { Revocation } from './revocation.js';
import { RevocationController } from './revocation.controller.js';

@Module({
  imports: [ClientsModule, IssuedTokensModule, RefreshTokensModule, SessionsModule],
  controllers: [RevocationController],
  providers: [Revocation],
})
export class RevocationModule {}
