import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { TokenModule } from '../token/token.module.js';
import { LoginPageController } from './login-page.controller.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { PageLogins } from './page-logins.js';
import { RefreshCookie } from './refresh-cookie.js';
import { RefreshController } from './refresh.controller.js';
import { RegistrationPageController } from './registration-page.controller.js';
import { RegistrationController } from './registration.controller.js';
import { SelectAccountPageController } from './select-account-page.controller.js';

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    LoginAttemptsModule,
    PagesModule,
    RefreshTokensModule,
    ResourceServersModule,
    TokenModule,
  ],
  controllers: [
    RegistrationController,
    LoginController,
    LoginPageController,
    RefreshController,
    RegistrationPageController,
    SelectAccountPageController,
  ],
  providers: [LoginService, PageLogins, RefreshCookie],
})
export class LoginModule {}
