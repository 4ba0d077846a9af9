import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { IdTokensModule } from '../id-tokens/id-tokens.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { LogoutController } from './logout.controller.js';
import { LogoutRequests } from './logout-requests.js';

@Module({
  imports: [AccountsModule, ClientsModule, IdTokensModule, PagesModule],
  controllers: [LogoutController],
  providers: [LogoutRequests],
})
export class LogoutModule {}
