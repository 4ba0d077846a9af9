import { Module } from '@nestjs/common';
import { BrowserSessionsModule } from '../browser-sessions/browser-sessions.module.js';
import { InteractionsModule } from '../interactions/interactions.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { FormTokens } from './form-tokens.js';
import { Visitors } from './visitors.js';

/** Import it where a controller has pages: it brings what their guard needs. */
@Module({
  imports: [BrowserSessionsModule, InteractionsModule, KeysModule],
  providers: [FormTokens, Visitors],
  exports: [BrowserSessionsModule, InteractionsModule, Visitors],
})
export class PagesModule {}
