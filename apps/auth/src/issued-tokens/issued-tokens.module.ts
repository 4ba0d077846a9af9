import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { IssuedTokens } from './issued-tokens.js';

@Module({
  imports: [ClientsModule, KeysModule, SessionsModule],
  providers: [IssuedTokens],
  exports: [IssuedTokens],
})
export class IssuedTokensModule {}
