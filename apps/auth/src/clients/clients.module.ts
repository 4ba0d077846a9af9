import { Module } from '@nestjs/common';
import { Clients } from './clients.js';
import { FirstPartyClient } from './first-party-client.js';

@Module({ providers: [Clients, FirstPartyClient], exports: [Clients, FirstPartyClient] })
export class ClientsModule {}
