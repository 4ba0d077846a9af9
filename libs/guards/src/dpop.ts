export { InvalidProof, NonceRequired, ProofsUnavailable } from './nest/bearer-error.js';
export { ProofVerifier } from './nest/proof-verifier.js';

export type { DpopOptions } from './dpop/dpop.options.js';
export type { ProofFault } from './nest/bearer-error.js';
export type { BoundToken, Proof } from './dpop/proof-verifier.js';
export type { UsedProofs } from './dpop/used-proofs.js';
