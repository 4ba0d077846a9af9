import type { AuthConfig } from '../auth.config.js';
import { listPrivilegedScopes } from '../platform/resource-servers.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from './auth.scopes.js';
import { type Client, TOKEN_EXCHANGE } from './client.entity.js';
import type { ClientRegistration } from './client.repository.js';
import { findOriginFault, findRedirectUriFault } from './redirect-uri.js';

/** Lower-case words. No account id has this form, so `sub` is unambiguous (RFC 9068 §5). */
const ID_PATTERN = /^[a-z\d]+(-[a-z\d]+)*$/;
const MAX_ID_LENGTH = 64;
/** The length of the columns. */
const MAX_URIS_LENGTH = 4000;

/** A combination that is useless or unsafe, and the sentence that the operator sees. */
type Rule = readonly [isBroken: (client: ClientRegistration) => boolean, sentence: string];

const hasGrantType = ({ grantTypes }: ClientRegistration, grantType: string) =>
  grantTypes.includes(grantType);
const isPublic = ({ authMethod }: ClientRegistration) => authMethod === 'none';
const hasRedirectUris = ({ redirectUris = [] }: ClientRegistration) => redirectUris.length > 0;
const hasExchangeTargets = ({ exchangeTargets = [] }: ClientRegistration) =>
  exchangeTargets.length > 0;
const isTooLong = (uris: readonly string[] = []) => uris.join(' ').length > MAX_URIS_LENGTH;

const RULES: readonly Rule[] = [
  [
    ({ id }) => !ID_PATTERN.test(id) || id.length > MAX_ID_LENGTH,
    'the id must be lower-case words and digits, joined by hyphens, with at most 64 characters',
  ],
  // "The client credentials grant type MUST only be used by confidential clients" (RFC 6749 §4.4).
  [
    (client) => isPublic(client) && hasGrantType(client, 'client_credentials'),
    'a public client cannot use client_credentials: choose another --grant',
  ],
  // RFC 8693 §5.
  [
    (client) => isPublic(client) && hasGrantType(client, TOKEN_EXCHANGE),
    'a public client cannot exchange tokens: choose another --grant',
  ],
  [
    (client) =>
      hasGrantType(client, TOKEN_EXCHANGE) !== hasExchangeTargets(client) ||
      (hasExchangeTargets(client) && !client.resourceServer),
    'to exchange tokens, a client needs the grant token-exchange, a --resource-server and an --exchange-target',
  ],
  [
    (client) => hasGrantType(client, 'authorization_code') !== hasRedirectUris(client),
    'the grant authorization_code needs a --redirect-uri, and a --redirect-uri needs that grant',
  ],
  [
    (client) => isTooLong(client.redirectUris) || isTooLong(client.postLogoutRedirectUris),
    `the redirect URIs have more than ${MAX_URIS_LENGTH} characters in total`,
  ],
  [
    ({ allowedOrigins }) => isTooLong(allowedOrigins),
    `the allowed origins have more than ${MAX_URIS_LENGTH} characters in total`,
  ],
  // A page or an app gives its secret to every user.
  [
    ({ authMethod, allowedOrigins = [] }) =>
      authMethod.startsWith('client_secret_') && allowedOrigins.length > 0,
    'a client with an --allowed-origin cannot keep a secret: choose --auth-method none',
  ],
  // RFC 9700 §2.1.1.
  [
    (client) => isPublic(client) && client.requirePkce === false,
    'a public client always needs PKCE: leave --no-pkce out',
  ],
  [
    ({ authMethod, jwks }) => (authMethod === 'private_key_jwt') !== Boolean(jwks),
    'the --auth-method private_key_jwt needs --jwks, and --jwks needs that --auth-method',
  ],
  [
    ({ authMethod, assertionAudience = 'issuer' }) =>
      authMethod !== 'private_key_jwt' && assertionAudience !== 'issuer',
    'an --assertion-audience needs the --auth-method private_key_jwt',
  ],
  [
    (client) => isPublic(client) && Boolean(client.resourceServer),
    'a resource server has to authenticate: choose another --auth-method',
  ],
];

/** @returns why the server rejects the registration, one sentence for each reason; empty if it accepts it */
export function findRegistrationFaults(client: ClientRegistration): readonly string[] {
  const { redirectUris = [], postLogoutRedirectUris = [], allowedOrigins = [] } = client;
  return [
    ...RULES.filter(([isBroken]) => isBroken(client)).map(([, sentence]) => sentence),
    ...checkEach([...redirectUris, ...postLogoutRedirectUris], findRedirectUriFault),
    ...checkEach(allowedOrigins, findOriginFault),
  ];
}

const checkEach = (
  texts: readonly string[],
  findFault: (text: string) => string | undefined,
): readonly string[] =>
  texts.flatMap((text) => {
    const fault = findFault(text);
    return fault === undefined ? [] : [`${text} ${fault}`];
  });

/** All properties of a registration. */
export type CompleteRegistration = Required<ClientRegistration>;

/** The most restrictive values. */
export const REGISTRATION_DEFAULTS = {
  accessTokenTtl: null,
  refreshIdleTtl: null,
  refreshAbsoluteTtl: null,
  name: '',
  redirectUris: [],
  postLogoutRedirectUris: [],
  allowedOrigins: [],
  requirePkce: true,
  firstParty: false,
  idTokenAlgorithm: null,
  subjectType: 'public',
  jwks: null,
  assertionAudience: 'issuer',
  resourceServer: null,
  exchangeTargets: [],
  dpopBound: false,
  separateTokens: false,
  leanIdTokens: false,
} as const satisfies Partial<ClientRegistration>;

export const completeRegistration = (client: ClientRegistration): CompleteRegistration => ({
  ...REGISTRATION_DEFAULTS,
  ...client,
});

export const getRegistration = ({
  statusIndex,
  createdAt,
  disabledAt,
  ...registration
}: Client): CompleteRegistration => registration;

/** A property of a registration that another registration of the same client changes. */
export interface RegistrationChange {
  readonly property: keyof CompleteRegistration;
  readonly before: CompleteRegistration[keyof CompleteRegistration];
  readonly after: CompleteRegistration[keyof CompleteRegistration];
}

export function findRegistrationChanges(
  before: CompleteRegistration,
  after: CompleteRegistration,
): readonly RegistrationChange[] {
  const properties = Object.keys(completeRegistration(after)) as (keyof CompleteRegistration)[];
  return properties
    .filter((property) => JSON.stringify(before[property]) !== JSON.stringify(after[property]))
    .map((property) => ({ property, before: before[property], after: after[property] }));
}

/** Whether tokens that the client has for itself may exceed the new registration. */
export const narrowsOwnTokens = (
  before: Pick<Client, 'grantTypes' | 'scope'>,
  after: ClientRegistration,
): boolean =>
  before.scope.some((word) => !after.scope.includes(word)) ||
  (before.grantTypes.includes('client_credentials') && !hasGrantType(after, 'client_credentials'));

/** The grants that carry the rights of a person. */
const PERSON_GRANTS = ['authorization_code', 'refresh_token', TOKEN_EXCHANGE];

/**
 * Describes the scopes that need the operator's attention, because the client uses them for persons: privileged scopes, and scopes
 * that every account may allow although the operator's own front ends do not have them.
 *
 * @returns one sentence per scope
 */
export function findScopeWarnings(
  client: Pick<ClientRegistration, 'grantTypes' | 'scope'>,
  config: Pick<AuthConfig, 'RESOURCE_SERVERS' | 'FIRST_PARTY_SCOPE'>,
): readonly string[] {
  if (!PERSON_GRANTS.some((grantType) => client.grantTypes.includes(grantType))) return [];
  const actsForItself = client.grantTypes.includes('client_credentials');
  const privileged = listPrivilegedScopes(config.RESOURCE_SERVERS);
  const usual = new Set([
    ...config.FIRST_PARTY_SCOPE,
    ...Object.keys(ACCOUNT_SCOPES),
    ...Object.keys(OPENID_SCOPES),
  ]);
  return client.scope.flatMap((word) => {
    const roles = privileged.get(word);
    if (roles && roles.length > 0) return [describeRoles(word, roles)];
    if (roles) return actsForItself ? [] : [`No user can allow ${word}: it is for services only.`];
    return usual.has(word) ? [] : [describeOpenScope(word)];
  });
}

const describeRoles = (word: string, roles: readonly string[]): string =>
  `Only a user with the role ${roles.join(' or ')} can allow ${word}: see ops accounts grant-role.`;

const describeOpenScope = (word: string): string =>
  `Every user can allow ${word}. If it is for staff, name a role in RESOURCE_SERVERS: ${word}@role.`;
