import {
  CleanupJob,
  createIndexedCleanup,
  createKeyRangeCleanup,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientsModule } from '../clients/clients.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccountOperationsService } from './account-operations.service.js';
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

/** A code stays as long as the last access token that may have come of it, so that its reuse is detected. */
const EXPIRED_CODES = {
  table: 'authorization_code',
  key: 'code_hash',
  dead: 'expires_at < $1',
  indexed: 'expires_at',
  afterSeconds: 3600,
};

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    TokensModule,
    TypeOrmModule.forFeature([BrowserSession, RefreshTokenFamily]),
  ],
  providers: [
    AccountOperationsService,
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
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_CODES));
  }
}
