import { UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { byIndex } from '../upkeep/by-index.js';
import { Janitor } from '../upkeep/janitor.js';
import { AttemptDelays } from './attempt-delays.js';
import { FailureCounts } from './failure-counts.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { KnownDevices } from './known-devices.js';
import { LoginAttempts } from './login-attempts.js';

/** All of its failures are forgotten, and nobody waits longer than that. */
const FORGOTTEN = {
  table: 'login_attempt',
  key: 'key',
  dead: 'forgotten_at < $1',
  indexed: 'forgotten_at',
  afterSeconds: 900,
};

@Module({
  imports: [KeysModule, RateLimitsModule],
  providers: [AttemptDelays, FailureCounts, KnownDeviceCookie, KnownDevices, LoginAttempts],
  exports: [KnownDeviceCookie, LoginAttempts],
})
export class LoginAttemptsModule implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(byIndex(this.unitOfWork, FORGOTTEN));
  }
}
