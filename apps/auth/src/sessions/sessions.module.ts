import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { BrowserSessionsModule } from '../browser-sessions/browser-sessions.module.js';
import { RefreshTokenFamily } from '../refresh-tokens/refresh-token-family.entity.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { LivingSession } from './living-session.js';
import { PasswordChanges } from './password-changes.js';
import { PasswordController } from './password.controller.js';
import { Sessions } from './sessions.js';
import { SessionsController } from './sessions.controller.js';

@Module({
  imports: [
    AccountsModule,
    BrowserSessionsModule,
    RefreshTokensModule,
    TypeOrmModule.forFeature([RefreshTokenFamily]),
  ],
  controllers: [SessionsController, PasswordController],
  providers: [Sessions, LivingSession, PasswordChanges],
  exports: [Sessions],
})
export class SessionsModule {}
