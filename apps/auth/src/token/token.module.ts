import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { StatusListsModule } from '../status-lists/status-lists.module.js';
import { AccessTokens } from './access-tokens.js';
import { ClientCredentialsGrant } from './client-credentials.grant.js';
import { RefreshTokenGrant } from './refresh-token.grant.js';
import { TokenController } from './token.controller.js';

@Module({
  imports: [
    ClientsModule,
    KeysModule,
    RefreshTokensModule,
    ResourceServersModule,
    StatusListsModule,
  ],
  controllers: [TokenController],
  providers: [AccessTokens, ClientCredentialsGrant, RefreshTokenGrant],
  exports: [AccessTokens, RefreshTokenGrant],
})
export class TokenModule {}
