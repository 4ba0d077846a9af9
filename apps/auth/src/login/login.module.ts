import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { TokenModule } from '../token/token.module.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { RefreshController } from './refresh.controller.js';
import { RegistrationController } from './registration.controller.js';

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    LoginAttemptsModule,
    RefreshTokensModule,
    ResourceServersModule,
    TokenModule,
  ],
  controllers: [RegistrationController, LoginController, RefreshController],
  providers: [LoginService, KnownDeviceCookie, RefreshCookie],
})
export class LoginModule {}
