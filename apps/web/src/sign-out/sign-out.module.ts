import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { SignOutJob } from './sign-out.job.js';
import { SignOutRepository } from './sign-out.repository.js';
import { SignOutService } from './sign-out.service.js';

@Module({
  imports: [TokensModule],
  providers: [SignOutJob, SignOutRepository, SignOutService],
  exports: [SignOutService, TokensModule],
})
export class SignOutModule {}
