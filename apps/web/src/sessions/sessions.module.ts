import { Module } from '@nestjs/common';
import { WebSessionRepository } from './web-session.repository.js';

@Module({ providers: [WebSessionRepository], exports: [WebSessionRepository] })
export class SessionsModule {}
