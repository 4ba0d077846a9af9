import { Module } from '@nestjs/common';
import { UsedProofRepository } from './used-proof.repository.js';

@Module({ providers: [UsedProofRepository], exports: [UsedProofRepository] })
export class UsedProofsModule {}
