import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity.js';
import { AccountRoleRepository } from './account-role.repository.js';
import { AccountRepository } from './account.repository.js';
import { AccountRowsService } from './account-rows.service.js';
import { CredentialsService } from './credentials.service.js';
import { EmailActionMessages, EmailActionOutbox } from './email-action-outbox.js';
import { EmailActionRepository } from './email-action.repository.js';
import { EmailActionService } from './email-action.service.js';
import { InvitationRepository, InvitationService } from './invitation.service.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import { LoginDelayService, LoginThrottleService } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { RegistrationGuard } from './registration.guard.js';
import { RegisteredAccountService, RegistrationService } from './registration.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Account])],
  providers: [
    AccountRepository,
    AccountRoleRepository,
    AccountRowsService,
    CredentialsService,
    EmailActionMessages,
    EmailActionOutbox,
    EmailActionRepository,
    EmailActionService,
    InvitationRepository,
    InvitationService,
    KnownDeviceCookie,
    LoginAttemptRepository,
    LoginDelayService,
    LoginThrottleService,
    PasswordHasher,
    RegisteredAccountService,
    RegistrationGuard,
    RegistrationService,
  ],
  exports: [
    AccountRepository,
    AccountRoleRepository,
    AccountRowsService,
    CredentialsService,
    EmailActionRepository,
    EmailActionService,
    InvitationService,
    KnownDeviceCookie,
    LoginThrottleService,
    PasswordHasher,
    RegisteredAccountService,
    RegistrationGuard,
    RegistrationService,
  ],
})
export class AccountsModule {}
