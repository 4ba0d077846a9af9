export { InvalidProof, NonceRequired, ProofsUnavailable } from './bearer-errors.js';
export { ProofVerifier } from './proof-verifier.js';

export type { DpopOptions } from './dpop.options.js';
export type { ProofFault } from './bearer-errors.js';
export type { BoundToken } from '../nest/credentials.js';
export type { Proof } from './proof-verifier.js';
export type { UsedProofs } from './used-proofs.js';
