import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { BrowserSessionsModule } from '../browser-sessions/browser-sessions.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { ConsentsModule } from '../consents/consents.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { RefreshTokenFamily } from '../refresh-tokens/refresh-token-family.entity.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { AccountPageController } from './account-page.controller.js';
import { Devices } from './devices.js';
import { HomeController } from './home.controller.js';
import { LivingSession } from './living-session.js';
import { PasswordChanges } from './password-changes.js';
import { PasswordController } from './password.controller.js';
import { Sessions } from './sessions.js';
import { SessionsController } from './sessions.controller.js';

@Module({
  imports: [
    AccountsModule,
    BrowserSessionsModule,
    ClientsModule,
    ConsentsModule,
    PagesModule,
    RefreshTokensModule,
    TypeOrmModule.forFeature([RefreshTokenFamily]),
  ],
  controllers: [SessionsController, PasswordController, AccountPageController, HomeController],
  providers: [Sessions, Devices, LivingSession, PasswordChanges],
  exports: [Sessions],
})
export class SessionsModule {}
