import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { OAuthModule } from '../oauth/oauth.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccountController } from './account.controller.js';
import { ActiveSessionPolicy, SessionsController } from './sessions.controller.js';
import {
  LoginController,
  RefreshController,
  RefreshCookie,
  RegistrationController,
} from './login.controller.js';
import { LoginService } from './login.service.js';
import { EmailVerificationController, PasswordRecoveryController } from './recovery.controller.js';

/** The JSON API of the first-party client: registration, login, refresh, sessions and account. */
@Module({
  imports: [AccountsModule, ClientsModule, OAuthModule, SessionsModule, TokensModule],
  controllers: [
    RegistrationController,
    EmailVerificationController,
    LoginController,
    RefreshController,
    SessionsController,
    AccountController,
    PasswordRecoveryController,
  ],
  providers: [ActiveSessionPolicy, LoginService, RefreshCookie],
})
export class FirstPartyModule {}
