import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { StatusListsModule } from '../status-lists/status-lists.module.js';
import { UsedValuesModule } from '../used-values/used-values.module.js';
import { ClientAssertions } from './client-assertions.js';
import { ClientOperations } from './client-operations.js';
import { Client } from './client.entity.js';
import { ClientRates } from './client-rates.js';
import { Clients } from './clients.js';
import { FirstPartyClient } from './first-party-client.js';

@Module({
  imports: [
    RateLimitsModule,
    RefreshTokensModule,
    StatusListsModule,
    TypeOrmModule.forFeature([Client]),
    UsedValuesModule,
  ],
  providers: [ClientAssertions, ClientOperations, ClientRates, Clients, FirstPartyClient],
  exports: [ClientAssertions, ClientOperations, ClientRates, Clients, FirstPartyClient],
})
export class ClientsModule {}
