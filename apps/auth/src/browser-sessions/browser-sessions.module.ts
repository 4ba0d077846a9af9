import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { BrowserSessionCookie } from './browser-session-cookie.js';
import { BrowserSessionLife } from './browser-session-life.js';
import { BrowserSessionLimits } from './browser-session-limits.js';
import { BrowserSession } from './browser-session.entity.js';
import { BrowserSessions } from './browser-sessions.js';

@Module({
  imports: [RefreshTokensModule, TypeOrmModule.forFeature([BrowserSession])],
  providers: [BrowserSessions, BrowserSessionCookie, BrowserSessionLife, BrowserSessionLimits],
  exports: [BrowserSessions, BrowserSessionCookie],
})
export class BrowserSessionsModule {}
