import type { AuthConfig } from '../auth.config.js';
import { listPrivilegedScopes } from '../platform/resource-servers.js';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from './auth.scopes.js';
import { type PkceRule, TOKEN_EXCHANGE } from './client.entity.js';
import type { CompleteRegistration } from './client-registration.js';
import type { ClientRegistration } from './client.repository.js';

/** A combination that is accepted and does not work as the operator may expect, and the sentence that the operator sees. */
type Notice = readonly [applies: (client: CompleteRegistration) => boolean, sentence: string];

const isOpenIdScope = (word: string): boolean => Object.hasOwn(OPENID_SCOPES, word);
const canSignIn = ({ grantTypes }: CompleteRegistration) =>
  grantTypes.includes('authorization_code');
const canRefresh = ({ grantTypes }: CompleteRegistration) => grantTypes.includes('refresh_token');
const hasScope = ({ scope }: CompleteRegistration, word: string) => scope.includes(word);

type Option = readonly [option: string, isSet: (client: CompleteRegistration) => boolean];

/** Options for which the client needs an ID token or userinfo. */
const OPENID_OPTIONS: readonly Option[] = [
  ['--id-token-algorithm', (client) => client.idTokenAlgorithm !== null],
  ['--subject-type', (client) => client.subjectType !== 'public'],
  ['--separate-tokens', (client) => client.separateTokens],
  ['--lean-id-tokens', (client) => client.leanIdTokens],
  ['--backchannel-logout-uri', (client) => client.backchannelLogoutUri !== null],
];

/** Options that only the authorization code flow uses. */
const SIGN_IN_OPTIONS: readonly Option[] = [
  ...OPENID_OPTIONS,
  ['--post-logout-redirect-uri', (client) => client.postLogoutRedirectUris.length > 0],
  ['--first-party', (client) => client.firstParty],
  ['each scope of OpenID Connect', ({ scope }) => scope.some(isOpenIdScope)],
];

const NOTICES: readonly Notice[] = [
  [
    (client) => hasScope(client, 'offline_access') && !canRefresh(client),
    'The client gets no refresh token for offline_access: add refresh_token to --grant.',
  ],
  // OpenID Connect Core §11.
  [
    (client) =>
      canRefresh(client) &&
      canSignIn(client) &&
      !client.firstParty &&
      !hasScope(client, 'offline_access'),
    'The sessions of the client end with the browser session. If they should outlast it, add offline_access to --scope.',
  ],
  [
    (client) => canRefresh(client) && !canSignIn(client),
    'The client gets no refresh token without a login of a user: add authorization_code to --grant.',
  ],
  [
    (client) =>
      (client.refreshIdleTtl ?? client.refreshAbsoluteTtl) !== null && !canRefresh(client),
    '--refresh-idle-ttl and --refresh-absolute-ttl have no effect without the grant refresh_token.',
  ],
  [
    ({ grantTypes, scope }) =>
      grantTypes.includes('client_credentials') && scope.every(isOpenIdScope),
    'The client gets no token by client_credentials: the scopes of OpenID Connect need a user. Add the scope of an API.',
  ],
  // OpenID Connect Core §3.1.2.1.
  [
    (client) => canSignIn(client) && client.scope.some(isUserScope) && !hasScope(client, 'openid'),
    'The client gets neither an ID token nor userinfo: add openid to --scope.',
  ],
  ...OPENID_OPTIONS.map(([option, isSet]): Notice => [
    (client) => isSet(client) && canSignIn(client) && !hasScope(client, 'openid'),
    `${option} has no effect: add openid to --scope.`,
  ]),
  ...SIGN_IN_OPTIONS.map(([option, isSet]): Notice => [
    (client) => isSet(client) && !canSignIn(client),
    `No user signs in without the grant authorization_code, so ${option} has no effect.`,
  ]),
];

/** The scopes of claims about the user. */
const isUserScope = (word: string): boolean =>
  isOpenIdScope(word) && word !== 'openid' && word !== 'offline_access';

/** @returns a sentence for each property that is accepted and often a mistake */
export const findNotices = (
  client: CompleteRegistration,
  config: AuthConfig,
): readonly string[] => [
  ...findPortNotices(client),
  ...NOTICES.filter(([applies]) => applies(client)).map(([, sentence]) => sentence),
  ...findLifetimeNotices(client, config),
  ...findExchangeNotices(client, config),
  ...findScopeWarnings(client, config),
];

const findPortNotices = ({ authMethod, redirectUris }: CompleteRegistration): readonly string[] =>
  redirectUris
    .filter((uri) => authMethod === 'none' && uri.startsWith('http://localhost'))
    .map((uri) => {
      const literal = uri.replace('localhost', '127.0.0.1');
      return `The port of ${uri} is fixed. If the app listens on any free port, register ${literal} (RFC 8252 §7.3).`;
    });

function findLifetimeNotices(
  { refreshIdleTtl, refreshAbsoluteTtl }: CompleteRegistration,
  { REFRESH_ABSOLUTE_TTL }: AuthConfig,
): readonly string[] {
  const absolute = refreshAbsoluteTtl ?? REFRESH_ABSOLUTE_TTL;
  if (refreshIdleTtl === null || refreshIdleTtl <= absolute) return [];
  return [`--refresh-idle-ttl has no effect: each session ends after ${absolute} seconds.`];
}

const findExchangeNotices = (
  { exchangeTargets, scope }: CompleteRegistration,
  { RESOURCE_SERVERS }: AuthConfig,
): readonly string[] =>
  RESOURCE_SERVERS.filter(
    ({ identifier, scopes }) =>
      exchangeTargets.includes(identifier) && !scopes.some((word) => scope.includes(word)),
  ).map(
    ({ identifier, scopes }) =>
      `The client gets no token for ${identifier}: add one of its scopes to --scope, such as ${scopes[0]}.`,
  );

/** @param rule the rule that the operator named; a default needs no notice */
export function findPkceNotices(
  rule: PkceRule | undefined,
  client: CompleteRegistration,
): readonly string[] {
  if (rule === undefined) return [];
  if (!canSignIn(client)) return ['--pkce has no effect without the grant authorization_code.'];
  if (rule === 'never-required') return [PKCE_WARNING];
  return rule === 'or-nonce' && !hasScope(client, 'openid')
    ? ['Each request needs PKCE, because a nonce needs openid in --scope.']
    : [];
}

const PKCE_WARNING =
  'A stolen code can be injected into a login of this client (RFC 9700 §4.5), unless its library sends PKCE or checks a nonce.';

/** The grants that carry the rights of a person. */
const PERSON_GRANTS = ['authorization_code', 'refresh_token', TOKEN_EXCHANGE];

/**
 * Describes the scopes that need the operator's attention, because the client uses them for persons: privileged scopes, and scopes
 * that every account may allow although the operator's own front ends do not have them.
 *
 * @returns one sentence per scope
 */
function findScopeWarnings(
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
