import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuthorizeModule } from '../authorize/authorize.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { DpopModule } from '../dpop/dpop.module.js';
import { IdTokensModule } from '../id-tokens/id-tokens.module.js';
import { IssuedTokensModule } from '../issued-tokens/issued-tokens.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { StatusListsModule } from '../status-lists/status-lists.module.js';
import { AccessTokens } from './access-tokens.js';
import { AuthorizationCodeGrant } from './authorization-code.grant.js';
import { ClientCredentialsGrant } from './client-credentials.grant.js';
import { RefreshTokenGrant } from './refresh-token.grant.js';
import { SessionTokens } from './session-tokens.js';
import { TokenExchangeGrant } from './token-exchange.grant.js';
import { TokenController } from './token.controller.js';

@Module({
  imports: [
    AccountsModule,
    AuthorizeModule,
    ClientsModule,
    DpopModule,
    IdTokensModule,
    IssuedTokensModule,
    KeysModule,
    RefreshTokensModule,
    ResourceServersModule,
    SessionsModule,
    StatusListsModule,
  ],
  controllers: [TokenController],
  providers: [
    AccessTokens,
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    SessionTokens,
    TokenExchangeGrant,
  ],
  exports: [AccessTokens, RefreshTokenGrant],
})
export class TokenModule {}
