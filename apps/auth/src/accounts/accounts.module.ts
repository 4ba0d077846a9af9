import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BrowserSessionsModule } from '../browser-sessions/browser-sessions.module.js';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { AccountOperations } from './account-operations.js';
import { Account } from './account.entity.js';
import { Accounts } from './accounts.js';
import { Credentials } from './credentials.js';
import { PasswordHasher } from './password-hasher.js';

@Module({
  imports: [
    BrowserSessionsModule,
    LoginAttemptsModule,
    NotificationsModule,
    TypeOrmModule.forFeature([Account]),
  ],
  providers: [AccountOperations, Accounts, Credentials, PasswordHasher],
  exports: [AccountOperations, Accounts, Credentials, PasswordHasher],
})
export class AccountsModule {}
