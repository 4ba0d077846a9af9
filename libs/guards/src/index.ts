export { ALGORITHMS, type Algorithm } from './core/algorithms.js';
export { GuardsConfigurationError } from './core/options.js';
export { type Access, AccessRules, type GuardedHandler } from './nest/access-rules.js';
export { AccessTokenGuard } from './nest/access-token.guard.js';
export { BearerErrorFilter } from './nest/bearer-error.filter.js';
export {
  BearerError,
  InsufficientClaims,
  InsufficientScope,
  InsufficientUserAuthentication,
  InvalidRequest,
  InvalidToken,
  KeysUnavailable,
  MissingToken,
  StatusUnavailable,
} from './nest/bearer-error.js';
export { UnguardedHandlers } from './nest/boot-audit.js';
export {
  defineScopes,
  OptionalToken,
  Policy,
  Public,
  RequireAnyScope,
  RequireClaim,
  RequireRecentLogin,
  RequireRole,
  RequireScopes,
} from './nest/decorators.js';
export { GuardsModule } from './nest/guards.module.js';
export { GUARDS_OPTIONS } from './nest/guards.options.js';
export { RequestAuthenticator, TrustedIssuers } from './nest/request-authenticator.js';
export { AccessToken, Claim } from './nest/verified-token.js';
export { secureOpenApi } from './open-api.js';
export * from './presets/index.js';

export type { ClaimPath } from './core/claims.js';
export type {
  ClaimMapping,
  IssuerOptions,
  KeySetOptions,
  TokenCacheOptions,
} from './core/verifier.options.js';
export type { Verifier } from './core/verifier.js';
export type { DpopOptions } from './dpop/dpop.options.js';
export type { UsedProofs } from './dpop/used-proofs.js';
export type { IssuersAtRunTime } from './issuers-at-run-time/index.js';
export type { ResourceMetadataOptions } from './metadata/resource-metadata.js';
export type { RejectedRequest, Rejection, RejectionReason, Scheme } from './nest/bearer-error.js';
export type { CredentialCarrier } from './nest/credentials.js';
export type {
  AccessPolicy,
  ClaimRequirement,
  DefinedScopes,
  HandlerOrController,
  PolicyFunction,
  PolicySource,
} from './nest/decorators.js';
export type { GuardsAsyncOptions, GuardsOptionsFactory } from './nest/guards.module.js';
export type { GuardsOptions, ResourceServerOptions } from './nest/guards.options.js';
export type { ControllerPattern } from './nest/handlers.js';
export type { Transport } from './nest/transport.js';
export type { StatusListOptions } from './status/status.part.js';
