import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { ConformanceSeed } from './conformance-seed.js';
import { DemoSeed } from './demo-seed.js';
import { SeededAccounts } from './seeded-accounts.js';

@Module({
  imports: [AccountsModule, ClientsModule],
  providers: [ConformanceSeed, DemoSeed, SeededAccounts],
})
export class DemoModule {}
