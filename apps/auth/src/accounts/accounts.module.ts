import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { AccountOperations } from './account-operations.js';
import { Account } from './account.entity.js';
import { Accounts } from './accounts.js';
import { Credentials } from './credentials.js';
import { PasswordHasher } from './password-hasher.js';

@Module({
  imports: [
    LoginAttemptsModule,
    NotificationsModule,
    RefreshTokensModule,
    TypeOrmModule.forFeature([Account]),
  ],
  providers: [AccountOperations, Accounts, Credentials, PasswordHasher],
  exports: [AccountOperations, Accounts, Credentials, PasswordHasher],
})
export class AccountsModule {}
