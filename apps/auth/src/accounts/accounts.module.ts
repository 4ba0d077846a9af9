import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity.js';
import { AccountRoleRepository } from './account-role.repository.js';
import { AccountRepository } from './account.repository.js';
import { CredentialsService } from './credentials.service.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import { LoginDelayService, LoginThrottleService } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account])],
  providers: [
    AccountRepository,
    AccountRoleRepository,
    CredentialsService,
    KnownDeviceCookie,
    LoginAttemptRepository,
    LoginDelayService,
    LoginThrottleService,
    PasswordHasher,
  ],
  exports: [
    AccountRepository,
    AccountRoleRepository,
    CredentialsService,
    KnownDeviceCookie,
    PasswordHasher,
  ],
})
export class AccountsModule {}
