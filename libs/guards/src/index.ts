export { AccessRules, UnguardedHandlers } from './access-rules.js';
export { AccessToken } from './access-token.js';
export { ALGORITHMS } from './algorithms.js';
export {
  BearerError,
  InsufficientScope,
  InvalidRequest,
  InvalidToken,
  KeysUnavailable,
  MissingToken,
} from './bearer-error.js';
export { Public, RequireScopes } from './decorators.js';
export { GuardsModule } from './guards.module.js';
export { KeySet } from './key-set.js';
export { GuardsConfigurationError } from './resolve-options.js';

export type { AccessRule } from './access-rule.js';
export type { GuardedHandler } from './access-rules.js';
export type { Algorithm } from './algorithms.js';
export type { GuardsAsyncOptions } from './guards.module.js';
export type { GuardsOptions, KeySetOptions } from './guards.options.js';
export type { Rejection, RejectionReason } from './rejection.js';
export type { VerificationKey } from './verification-key.js';
