import { type Client, defaultPkceRule, TOKEN_EXCHANGE } from './client.entity.js';
import type { ClientRegistration } from './client.repository.js';
import { findLogoutUriFault, findOriginFault, findRedirectUriFault } from './redirect-uri.js';

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
  [
    ({ scope, grantTypes }) => scope.length === 0 && grantTypes.length > 0,
    'a client needs a --scope for its grants; only a --resource-server that introspects needs neither',
  ],
  [
    ({ grantTypes, resourceServer }) => grantTypes.length === 0 && !resourceServer,
    'a client needs a --grant, unless it is a --resource-server that only introspects',
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
    (client) => isPublic(client) && (client.pkce ?? 'always') !== 'always',
    'a public client always needs PKCE: leave --pkce and --no-pkce out',
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
  const { backchannelLogoutUri = null } = client;
  return [
    ...RULES.filter(([isBroken]) => isBroken(client)).map(([, sentence]) => sentence),
    ...checkEach([...redirectUris, ...postLogoutRedirectUris], findRedirectUriFault),
    ...checkEach(backchannelLogoutUri === null ? [] : [backchannelLogoutUri], findLogoutUriFault),
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

/** The most restrictive values that client libraries work with. */
export const REGISTRATION_DEFAULTS = {
  accessTokenTtl: null,
  refreshIdleTtl: null,
  refreshAbsoluteTtl: null,
  name: '',
  redirectUris: [],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: null,
  allowedOrigins: [],
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

/** A resource server without scopes only introspects (RFC 7662 §2.1). */
export const defaultGrantTypes = ({
  scope = [],
  resourceServer,
}: Partial<Pick<ClientRegistration, 'scope' | 'resourceServer'>>): readonly string[] =>
  scope.length === 0 && resourceServer ? [] : ['client_credentials'];

export const completeRegistration = (client: ClientRegistration): CompleteRegistration => ({
  ...REGISTRATION_DEFAULTS,
  pkce: defaultPkceRule(client.authMethod),
  ...client,
});

export function getRegistration(client: Client): CompleteRegistration {
  const { statusIndex, createdAt, disabledAt, requirePkce, nonceReplacesPkce, ...registration } =
    client;
  return { ...registration, pkce: client.pkce };
}

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
