import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { DemoSeed } from './demo-seed.js';

@Module({ imports: [AccountsModule, ClientsModule], providers: [DemoSeed] })
export class DemoModule {}
