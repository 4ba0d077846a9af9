import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { Interactions } from './interactions.js';
import { Requesters } from './requesters.js';

@Module({
  imports: [ClientsModule, KeysModule],
  providers: [Interactions, Requesters],
  exports: [Interactions, Requesters],
})
export class InteractionsModule {}
