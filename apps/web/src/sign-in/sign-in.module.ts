import { Module } from '@nestjs/common';
import { SignOutModule } from '../sign-out/sign-out.module.js';
import { SessionController } from './session.controller.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SignInController } from './sign-in.controller.js';
import { SignInService } from './sign-in.service.js';

@Module({
  imports: [SignOutModule],
  controllers: [SessionController, SignInController],
  providers: [SignInAttempts, SignInService],
})
export class SignInModule {}
