import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Account } from './account.entity.js';
import { AccountRepository } from './account.repository.js';
import { CredentialsService } from './credentials.service.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { KnownDeviceService } from './known-device.service.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import { LoginDelayService } from './login-delay.service.js';
import { LoginThrottleService } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';

/** Failure counts that have decayed to zero. No delay is longer than this. */
const EXPIRED_LOGIN_ATTEMPTS = {
  table: 'login_attempt',
  key: 'key',
  dead: 'forgotten_at < $1',
  indexed: 'forgotten_at',
  afterSeconds: 900,
};

@Module({
  imports: [TypeOrmModule.forFeature([Account])],
  providers: [
    AccountRepository,
    CredentialsService,
    KnownDeviceCookie,
    KnownDeviceService,
    LoginAttemptRepository,
    LoginDelayService,
    LoginThrottleService,
    PasswordHasher,
  ],
  exports: [
    AccountRepository,
    CredentialsService,
    KnownDeviceCookie,
    LoginThrottleService,
    PasswordHasher,
  ],
})
export class AccountsModule implements OnModuleInit {
  constructor(
    private readonly cleanup: CleanupJob,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_LOGIN_ATTEMPTS));
  }
}
