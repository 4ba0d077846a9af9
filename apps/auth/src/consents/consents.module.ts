import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { ConsentPageController } from './consent-page.controller.js';
import { ConsentQuestions } from './consent-questions.js';
import { Consents } from './consents.js';

@Module({
  imports: [AccountsModule, PagesModule],
  controllers: [ConsentPageController],
  providers: [Consents, ConsentQuestions],
  exports: [Consents],
})
export class ConsentsModule {}
