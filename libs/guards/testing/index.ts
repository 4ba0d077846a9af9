export { compactJws, encodePart } from './signing-key.js';
export { DpopClient } from './dpop-client.js';
export { expectGuarded } from './expect-guarded.js';
export { generateSigningKey, signature } from './signing-key.js';
export { TestIssuer } from './test-issuer.js';
export { TestStatusList } from './test-status-list.js';
export { testToken } from './test-token.js';

export type { ExpectGuardedOptions } from './expect-guarded.js';
export type { Part } from './signing-key.js';
export type { DpopClientOptions, ProvenRequest } from './dpop-client.js';
export type { Answer } from './issuer-server.js';
export type { SigningKey } from './signing-key.js';
export type { TestIssuerOptions, TokenChanges } from './test-issuer.js';
export type { TestTokenOptions } from './test-token.js';
export type { TokenDefaults } from './token-shape.js';
