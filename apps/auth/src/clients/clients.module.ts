import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ClientAssertionVerifier } from './client-assertion-verifier.js';
import { ClientRateLimiter } from './client-authentication.guard.js';
import { Client } from './client.entity.js';
import { ClientRepository } from './client.repository.js';
import { RegisteredOrigins } from './cross-origin.hook.js';
import { FirstPartyClient } from './first-party-client.js';
import { ResourceServerService } from './resource-server.service.js';

@Module({
  imports: [AccountsModule, TokensModule, TypeOrmModule.forFeature([Client])],
  providers: [
    ClientAssertionVerifier,
    ClientRateLimiter,
    ClientRepository,
    FirstPartyClient,
    RegisteredOrigins,
    ResourceServerService,
  ],
  exports: [
    ClientAssertionVerifier,
    ClientRateLimiter,
    ClientRepository,
    FirstPartyClient,
    RegisteredOrigins,
    ResourceServerService,
  ],
})
export class ClientsModule {}
