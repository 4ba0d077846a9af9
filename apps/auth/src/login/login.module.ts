import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { TokenModule } from '../token/token.module.js';
import { LoginPageController } from './login-page.controller.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { PageLogins } from './page-logins.js';
import { RefreshCookie } from './refresh-cookie.js';
import { RegistrationPageController } from './registration-page.controller.js';
import { RegistrationController } from './registration.controller.js';
import { SelectAccountPageController } from './select-account-page.controller.js';

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    PagesModule,
    RefreshTokensModule,
    ResourceServersModule,
    TokenModule,
  ],
  controllers: [
    RegistrationController,
    LoginController,
    LoginPageController,
    RegistrationPageController,
    SelectAccountPageController,
  ],
  providers: [LoginService, PageLogins, RefreshCookie],
})
export class LoginModule {}
