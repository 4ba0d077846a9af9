import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { byWalking } from '../upkeep/by-walking.js';
import { Janitor } from '../upkeep/janitor.js';
import { deadBrowserSessions } from './browser-session-clearance.js';
import { BrowserSessionCookie } from './browser-session-cookie.js';
import { BrowserSessionLife } from './browser-session-life.js';
import { BrowserSessionLimits } from './browser-session-limits.js';
import { BrowserSession } from './browser-session.entity.js';
import { BrowserSessions } from './browser-sessions.js';
import { Logouts } from './logouts.js';

@Module({
  imports: [RefreshTokensModule, TypeOrmModule.forFeature([BrowserSession])],
  providers: [
    BrowserSessions,
    BrowserSessionCookie,
    BrowserSessionLife,
    BrowserSessionLimits,
    Logouts,
  ],
  exports: [BrowserSessions, BrowserSessionCookie, BrowserSessionLife, Logouts],
})
export class BrowserSessionsModule implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onModuleInit(): void {
    const dead = deadBrowserSessions(this.config.BROWSER_SESSION_IDLE_TTL);
    this.janitor.add(byWalking(this.unitOfWork, dead));
  }
}
