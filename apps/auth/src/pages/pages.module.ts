import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import {
  AccountFormsController,
  EmailVerificationRequestController,
} from './account-forms.controller.js';
import { AccountPageController, HomeController } from './account-page.controller.js';
import { BrowserFilesController } from './browser-files.controller.js';
import { ErrorPageHook } from './error-page.hook.js';
import { ClientInfoService, InteractionService } from './interaction.service.js';
import { ConsentPageController } from './consent-page.controller.js';
import { ConsentPageService } from './consent-page.service.js';
import { FormTokenService, PageContextService } from './page-context.service.js';
import { EmailVerificationPageController } from './email-verification-page.controller.js';
import { LoginPageController } from './login-page.controller.js';
import { PageLoginService } from './page-login.service.js';
import {
  ForgottenPasswordPageController,
  PasswordResetPageController,
} from './password-reset-page.controller.js';
import { RegistrationPageController } from './registration-page.controller.js';
import { SelectAccountPageController } from './select-account-page.controller.js';
import { SignedInDeviceService } from './signed-in-device.service.js';

/** Modules with a `@Pages()` controller import this module, because the guard needs the page context. */
@Module({
  imports: [AccountsModule, ClientsModule, SessionsModule],
  controllers: [
    LoginPageController,
    RegistrationPageController,
    EmailVerificationPageController,
    EmailVerificationRequestController,
    ForgottenPasswordPageController,
    PasswordResetPageController,
    SelectAccountPageController,
    ConsentPageController,
    AccountFormsController,
    AccountPageController,
    HomeController,
    BrowserFilesController,
  ],
  providers: [
    ClientInfoService,
    ConsentPageService,
    ErrorPageHook,
    FormTokenService,
    InteractionService,
    PageContextService,
    PageLoginService,
    SignedInDeviceService,
  ],
  exports: [ClientInfoService, InteractionService, PageContextService],
})
export class PagesModule {}
