import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import {
  AccountDataService,
  AccountDeletionService,
  AccountErasureService,
} from './account-erasure.service.js';
import { AccountOperationsService, RoleOperationsService } from './account-operations.service.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { AuthorizationCodeRepository } from './authorization-code.repository.js';
import { BrowserSessionLimits } from './browser-session-limits.js';
import { BrowserSessionCookie } from './browser-session-cookie.js';
import { BrowserSession } from './browser-session.entity.js';
import { BrowserSessionRevocation, BrowserSessionService } from './browser-session.service.js';
import { BrowserSessionRepository } from './browser-session.repository.js';
import { ClientOperationsService } from './client-operations.service.js';
import { AuthorizedClientService, ConsentRepository, ConsentService } from './consent.service.js';
import { EmailChangeService } from './email-change.service.js';
import { EmailVerificationService } from './email-verification.service.js';
import { LogoutDeliveryJob } from './logout-delivery.job.js';
import { LogoutDeliveryRepository } from './logout-delivery.repository.js';
import { PasswordChangeService } from './password-change.service.js';
import { PasswordResetService } from './password-reset.service.js';
import { RefreshTokenFamily, RefreshTokenFormat } from './refresh-token-family.entity.js';
import { RefreshTokenFamilyRepository } from './refresh-token-family.repository.js';
import { RefreshTokenRevocation, RevocationReports } from './refresh-token-revocation.service.js';
import { RefreshTokenLimits } from './refresh-token-limits.js';
import { RefreshTokenRotation } from './refresh-token-rotation.service.js';
import { RefreshTokenService } from './refresh-token.service.js';
import { SessionService } from './session.service.js';

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    TokensModule,
    TypeOrmModule.forFeature([BrowserSession, RefreshTokenFamily]),
  ],
  providers: [
    AccountDataService,
    AccountDeletionService,
    AccountErasureService,
    AccountOperationsService,
    AccountTransactionService,
    AuthorizationCodeRepository,
    AuthorizedClientService,
    BrowserSessionCookie,
    BrowserSessionLimits,
    BrowserSessionRepository,
    BrowserSessionRevocation,
    BrowserSessionService,
    ClientOperationsService,
    ConsentRepository,
    ConsentService,
    EmailChangeService,
    EmailVerificationService,
    LogoutDeliveryJob,
    LogoutDeliveryRepository,
    PasswordChangeService,
    PasswordResetService,
    RefreshTokenFamilyRepository,
    RefreshTokenFormat,
    RefreshTokenLimits,
    RefreshTokenRevocation,
    RefreshTokenRotation,
    RefreshTokenService,
    RevocationReports,
    RoleOperationsService,
    SessionService,
  ],
  exports: [
    AccountDeletionService,
    AccountErasureService,
    AccountOperationsService,
    AuthorizationCodeRepository,
    AuthorizedClientService,
    BrowserSessionCookie,
    BrowserSessionRepository,
    BrowserSessionRevocation,
    BrowserSessionService,
    ClientOperationsService,
    ConsentService,
    EmailChangeService,
    EmailVerificationService,
    PasswordChangeService,
    PasswordResetService,
    RefreshTokenRevocation,
    RefreshTokenRotation,
    RefreshTokenService,
    RoleOperationsService,
    SessionService,
  ],
})
export class SessionsModule {}
