import { ProofVerifier } from '@gatehouse/guards/dpop';
import { Module } from '@nestjs/common';
import { DpopProofGuard } from './dpop-proof.guard.js';

/** The verifier is that of the guards, with the same options (access.ts). */
@Module({ providers: [ProofVerifier, DpopProofGuard], exports: [ProofVerifier, DpopProofGuard] })
export class DpopModule {}
