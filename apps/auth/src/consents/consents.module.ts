import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { Applications } from './applications.js';
import { ConsentPageController } from './consent-page.controller.js';
import { ConsentQuestions } from './consent-questions.js';
import { Consents } from './consents.js';

@Module({
  imports: [AccountsModule, PagesModule, RefreshTokensModule],
  controllers: [ConsentPageController],
  providers: [Applications, Consents, ConsentQuestions],
  exports: [Applications, Consents],
})
export class ConsentsModule {}
