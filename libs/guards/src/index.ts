export { AccessTokenGuard } from './nest/access-token.guard.js';
export { RequestAuthenticator, TrustedIssuers } from './nest/request-authenticator.js';
export { GuardsModule } from './nest/guards.module.js';
export * from './presets/index.js';
export { secureOpenApi } from './open-api.js';
export { AccessToken, Claim } from './nest/verified-token.js';
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
export { GuardsConfigurationError } from './core/options.js';
export { AccessRules } from './nest/access-rules.js';
export { UnguardedHandlers } from './nest/boot-audit.js';
export { GUARDS_OPTIONS } from './nest/guards.options.js';
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
export { ALGORITHMS } from './core/algorithms.js';

export type { DpopOptions } from './dpop/dpop.options.js';
export type { UsedProofs } from './dpop/used-proofs.js';
export type { GuardsAsyncOptions, GuardsOptionsFactory } from './nest/guards.module.js';
export type { ControllerPattern } from './nest/controller-list.js';
export type { GuardsOptions, ResourceServerOptions } from './nest/guards.options.js';
export type { KeySetOptions, TokenCacheOptions } from './core/verifier.options.js';
export type { IssuersAtRunTime } from './issuers-at-run-time/index.js';
export type { ResourceMetadataOptions } from './metadata/resource-metadata.js';
export type { StatusListOptions } from './status/status.part.js';
export type { Verifier } from './core/verifier.js';
export type { CredentialCarrier } from './nest/credentials.js';
export type { ClaimMapping, IssuerOptions } from './core/verifier.options.js';
export type { RejectedRequest, Rejection, RejectionReason, Scheme } from './nest/bearer-error.js';
export type { Access } from './nest/access-rule.js';
export type {
  AccessPolicy,
  ClaimRequirement,
  HandlerOrController,
  PolicyFunction,
  PolicySource,
} from './nest/declaration.js';
export type { DefinedScopes } from './nest/decorators.js';
export type { GuardedHandler } from './nest/access-rules.js';
export type { Algorithm } from './core/algorithms.js';
export type { ClaimPath } from './core/claims.js';
export type { Transport } from './nest/transport.js';
