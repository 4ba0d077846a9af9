export { auth0 } from './auth0.js';
export { betterAuth } from './better-auth.js';
export { cognito } from './cognito.js';
export { entraId } from './entra-id.js';
export { keycloak } from './keycloak.js';
export { okta } from './okta.js';

export type { Auth0Options } from './auth0.js';
export type { BetterAuthOptions } from './better-auth.js';
export type { CognitoOptions } from './cognito.js';
export type { EntraIdOptions } from './entra-id.js';
export type { KeycloakOptions } from './keycloak.js';
export type { OktaOptions } from './okta.js';
