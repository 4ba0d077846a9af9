import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientsModule } from '../clients/clients.module.js';
import { CleanupJob } from '../platform/scheduler/cleanup-job.js';
import { createKeyRangeCleanup } from '../platform/scheduler/cleanup-tasks.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccountOperationsService } from './account-operations.service.js';
import { AuthorizationCodeRepository } from './authorization-code.repository.js';
import { BrowserSessionCookie } from './browser-session-cookie.js';
import { BrowserSession } from './browser-session.entity.js';
import { BrowserSessionRevocation, BrowserSessionService } from './browser-session.service.js';
import { ClientOperationsService } from './client-operations.service.js';
import { AuthorizedClientService, ConsentService } from './consent.service.js';
import { RefreshTokenFamily } from './refresh-token-family.entity.js';
import { RefreshTokenFormat } from './refresh-token-format.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { RefreshTokenService } from './refresh-token.service.js';
import { expiredBrowserSessionRows, SessionCleanupService } from './session-cleanup.service.js';
import { BrowserSessionLimits, RefreshTokenLimits } from './session-limits.js';
import { SessionRevocation, SessionService } from './session.service.js';

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    TokensModule,
    TypeOrmModule.forFeature([BrowserSession, RefreshTokenFamily]),
  ],
  providers: [
    AccountOperationsService,
    AuthorizationCodeRepository,
    AuthorizedClientService,
    BrowserSessionCookie,
    BrowserSessionLimits,
    BrowserSessionRevocation,
    BrowserSessionService,
    ClientOperationsService,
    ConsentService,
    RefreshTokenFormat,
    RefreshTokenLimits,
    RefreshTokenRevocation,
    RefreshTokenService,
    SessionCleanupService,
    SessionRevocation,
    SessionService,
  ],
  exports: [
    AccountOperationsService,
    AuthorizationCodeRepository,
    AuthorizedClientService,
    BrowserSessionCookie,
    BrowserSessionRevocation,
    BrowserSessionService,
    ClientOperationsService,
    ConsentService,
    RefreshTokenRevocation,
    RefreshTokenService,
    SessionRevocation,
    SessionService,
  ],
})
export class SessionsModule implements OnModuleInit {
  constructor(
    private readonly cleanup: CleanupJob,
    private readonly unitOfWork: UnitOfWork,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onModuleInit(): void {
    const browserSessions = expiredBrowserSessionRows(this.config.BROWSER_SESSION_IDLE_TTL);
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, browserSessions));
  }
}
