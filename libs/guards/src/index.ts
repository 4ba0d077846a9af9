export { AccessTokenGuard } from './access-token.guard.js';
export { AccessTokenStrategy } from './access-token.strategy.js';
export { GuardsModule } from './guards.module.js';
export { auth0, cognito, entraId, keycloak, okta } from './issuers/presets/index.js';
export { TrustedIssuers } from './issuers/trusted-issuers.js';
export { secureOpenApi } from './open-api.js';
export { AccessToken, Claim } from './parameters.js';
export { BearerErrorFilter } from './refusals/bearer-error.filter.js';
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
} from './refusals/bearer-error.js';
export { GuardsConfigurationError } from './resolve-options.js';
export { AccessRules, UnguardedHandlers } from './rules/access-rules.js';
export {
  OptionalToken,
  Policy,
  Public,
  RequireAnyScope,
  RequireClaim,
  RequireRecentLogin,
  RequireScopes,
} from './rules/decorators.js';
export { defineScopes } from './rules/define-scopes.js';
export { ALGORITHMS } from './token/algorithms.js';

export type { DpopOptions } from './dpop/dpop.options.js';
export type { UsedProofs } from './dpop/used-proofs.js';
export type { GuardsAsyncOptions } from './guards.module.js';
export type {
  GuardsOptions,
  KeySetOptions,
  ResourceServerOptions,
  StatusListOptions,
  TokenCacheOptions,
} from './guards.options.js';
export type { CredentialCarrier, Scheme } from './http/credentials.js';
export type { ClaimMapping, IssuerOptions } from './issuers/issuer.options.js';
export type {
  Auth0Options,
  CognitoOptions,
  EntraIdOptions,
  KeycloakOptions,
  OktaOptions,
} from './issuers/presets/index.js';
export type { Rejection, RejectionReason } from './refusals/rejection.js';
export type { Access } from './rules/access-rule.js';
export type {
  AccessPolicy,
  ClaimRequirement,
  HandlerOrController,
  PolicyFunction,
  PolicySource,
} from './rules/declaration.js';
export type { DefinedScopes } from './rules/define-scopes.js';
export type { GuardedHandler } from './rules/guarded-handler.js';
export type { Algorithm } from './token/algorithms.js';
export type { ClaimPath } from './token/claims.js';
export type { Transport } from './transport.js';
