import { UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { KeysModule } from '../keys/keys.module.js';
import { byWalking } from '../upkeep/by-walking.js';
import { Janitor } from '../upkeep/janitor.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimits } from './rate-limits.js';

/** Its window is over: the next one begins anew anyway. */
const OVER = { table: 'rate_limit', key: 'key', dead: 'expire < $1', afterSeconds: 60 };

@Module({
  imports: [KeysModule],
  providers: [RateLimits, { provide: APP_GUARD, useClass: RateLimitGuard }],
  exports: [RateLimits],
})
export class RateLimitsModule implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(byWalking(this.unitOfWork, OVER));
  }
}
