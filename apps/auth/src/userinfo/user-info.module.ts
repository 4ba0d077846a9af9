import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UserInfo } from './user-info.js';
import { UserInfoController } from './user-info.controller.js';

@Module({
  imports: [AccountsModule, ClientsModule, SessionsModule],
  controllers: [UserInfoController],
  providers: [UserInfo],
})
export class UserInfoModule {}
