import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { TokenModule } from '../token/token.module.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { RefreshCookie } from './refresh-cookie.js';
import { RegistrationController } from './registration.controller.js';

@Module({
  imports: [AccountsModule, ClientsModule, RefreshTokensModule, ResourceServersModule, TokenModule],
  controllers: [RegistrationController, LoginController],
  providers: [LoginService, RefreshCookie],
})
export class LoginModule {}
