import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity.js';
import { AccountRoleRepository } from './account-role.repository.js';
import { AccountRepository } from './account.repository.js';
import { CredentialsService } from './credentials.service.js';
import { InvitationRepository, InvitationService } from './invitation.service.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import { LoginDelayService, LoginThrottleService } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { RegistrationGuard, RegistrationService } from './registration.guard.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account])],
  providers: [
    AccountRepository,
    AccountRoleRepository,
    CredentialsService,
    InvitationRepository,
    InvitationService,
    KnownDeviceCookie,
    LoginAttemptRepository,
    LoginDelayService,
    LoginThrottleService,
    PasswordHasher,
    RegistrationGuard,
    RegistrationService,
  ],
  exports: [
    AccountRepository,
    AccountRoleRepository,
    CredentialsService,
    InvitationRepository,
    InvitationService,
    KnownDeviceCookie,
    LoginThrottleService,
    PasswordHasher,
    RegistrationGuard,
    RegistrationService,
  ],
})
export class AccountsModule {}
