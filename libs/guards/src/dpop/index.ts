export { InvalidProof, NonceRequired, ProofsUnavailable } from './proof-refusals.js';
export { ProofVerifier } from './proof-verifier.js';

export type { DpopOptions } from './dpop.options.js';
export type { ProofFault } from './proof-refusals.js';
export type { BoundToken, Proof } from './proof-verifier.js';
export type { UsedProofs } from './used-proofs.js';
