import { type Client, defaultPkceRule } from './client.entity.js';

type RequiredProperty = 'id' | 'authMethod' | 'secretHashes' | 'grantTypes' | 'scope';
type OptionalProperty =
  | 'accessTokenTtl'
  | 'refreshIdleTtl'
  | 'refreshAbsoluteTtl'
  | 'name'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'backchannelLogoutUri'
  | 'allowedOrigins'
  | 'pkce'
  | 'firstParty'
  | 'idTokenAlgorithm'
  | 'subjectType'
  | 'jwks'
  | 'assertionAudience'
  | 'resourceServer'
  | 'exchangeTargets'
  | 'dpopBound'
  | 'separateTokens'
  | 'leanIdTokens';

/** The properties of a client that its registration sets. The defaults are the most restrictive values that client libraries work with. */
export type ClientRegistration = Pick<Client, RequiredProperty> &
  Partial<Pick<Client, OptionalProperty>>;

const toFlag = (value: boolean): number => (value ? 1 : 0);
const joinWords = (value: readonly string[] = []): string => value.join(' ');

const getPkceRule = ({ authMethod, pkce = defaultPkceRule(authMethod) }: ClientRegistration) =>
  pkce;

/** The columns that a registration sets. */
export const REGISTRATION_COLUMNS: readonly (readonly [
  string,
  (client: ClientRegistration) => unknown,
])[] = [
  ['auth_method', ({ authMethod }) => authMethod],
  ['secret_hashes', ({ secretHashes }) => joinWords(secretHashes)],
  ['grant_types', ({ grantTypes }) => joinWords(grantTypes)],
  ['scope', ({ scope }) => joinWords(scope)],
  ['access_token_ttl', ({ accessTokenTtl = null }) => accessTokenTtl],
  ['refresh_idle_ttl', ({ refreshIdleTtl = null }) => refreshIdleTtl],
  ['refresh_absolute_ttl', ({ refreshAbsoluteTtl = null }) => refreshAbsoluteTtl],
  ['name', ({ name = '' }) => name],
  ['redirect_uris', ({ redirectUris }) => joinWords(redirectUris)],
  ['post_logout_redirect_uris', ({ postLogoutRedirectUris }) => joinWords(postLogoutRedirectUris)],
  ['backchannel_logout_uri', ({ backchannelLogoutUri = null }) => backchannelLogoutUri],
  ['allowed_origins', ({ allowedOrigins }) => joinWords(allowedOrigins)],
  ['require_pkce', (client) => toFlag(getPkceRule(client) !== 'never-required')],
  ['nonce_replaces_pkce', (client) => toFlag(getPkceRule(client) === 'or-nonce')],
  ['first_party', ({ firstParty = false }) => toFlag(firstParty)],
  ['id_token_algorithm', ({ idTokenAlgorithm = null }) => idTokenAlgorithm],
  ['subject_type', ({ subjectType = 'public' }) => subjectType],
  ['jwks', ({ jwks = null }) => jwks],
  ['assertion_audience', ({ assertionAudience = 'issuer' }) => assertionAudience],
  ['resource_server', ({ resourceServer = null }) => resourceServer],
  ['exchange_targets', ({ exchangeTargets }) => joinWords(exchangeTargets)],
  ['dpop_bound', ({ dpopBound = false }) => toFlag(dpopBound)],
  ['separate_tokens', ({ separateTokens = false }) => toFlag(separateTokens)],
  ['lean_id_tokens', ({ leanIdTokens = false }) => toFlag(leanIdTokens)],
];

const COLUMN_NAMES = [
  'id',
  'created_at',
  'status_index',
  ...REGISTRATION_COLUMNS.map(([name]) => name),
];
export const INSERT_CLIENT = `
  INSERT INTO client (${COLUMN_NAMES.join(', ')})
  VALUES (${COLUMN_NAMES.map((_, n) => `$${n + 1}`).join(', ')})
  ON CONFLICT (id)`;

/** The update keeps the status index of the row. */
export const UPDATE_ASSIGNMENTS = REGISTRATION_COLUMNS.map(
  ([name]) => `${name} = excluded.${name}`,
);
