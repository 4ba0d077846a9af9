import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity.js';
import { Accounts } from './accounts.js';
import { Credentials } from './credentials.js';
import { PasswordHasher } from './password-hasher.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account])],
  providers: [Accounts, Credentials, PasswordHasher],
  exports: [Accounts, Credentials, PasswordHasher],
})
export class AccountsModule {}
