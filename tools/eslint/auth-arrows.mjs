/**
 * Which folders of apps/auth a folder may import (ARCHITECTURE §1). The arrows run one way, from what an endpoint does to what
 * it is done with; a folder without a row may import no other. Configuration and modules at the root of src are open to all.
 */
export const authArrows = {
  // Types and two errors only: an event says why a family ended; the error filter answers for what is too much.
  'security-events': ['refresh-tokens', 'upkeep'],
  'oauth-errors': ['accounts', 'rate-limits'],
  networks: [],
  // Whoever has something that is to be done again and again, or to be cleared away, brings it along.
  upkeep: [],
  notifications: ['upkeep'],
  'used-values': ['upkeep'],
  keys: ['oauth-errors', 'security-events', 'upkeep'],
  'status-lists': ['keys', 'oauth-errors', 'upkeep'],
  'resource-servers': ['oauth-errors'],
  accounts: [
    'browser-sessions',
    'database',
    'login-attempts',
    'notifications',
    'oauth-errors',
    'refresh-tokens',
    'security-events',
  ],
  clients: [
    'database',
    'networks',
    'oauth-errors',
    'rate-limits',
    'refresh-tokens',
    'security-events',
    'status-lists',
    'used-values',
  ],
  'refresh-tokens': [
    'database',
    'keys',
    'notifications',
    'oauth-errors',
    'security-events',
    'status-lists',
    'upkeep',
  ],
  // A browser that is logged in here, whichever client sent it.
  'browser-sessions': ['database', 'refresh-tokens', 'security-events', 'upkeep'],
  // Proofs of possession at the token endpoint; the routes that take access tokens have the guards.
  dpop: ['clients', 'keys', 'oauth-errors', 'used-values'],
  interactions: ['clients', 'keys'],
  // HTML, forms and their texts; what the forms do is elsewhere. Of accounts one error only: the hash queue is full.
  pages: ['accounts', 'browser-sessions', 'interactions', 'keys', 'oauth-errors'],
  consents: [
    'accounts',
    'clients',
    'interactions',
    'pages',
    'rate-limits',
    'refresh-tokens',
    'security-events',
  ],
  'id-tokens': ['accounts', 'clients', 'keys', 'refresh-tokens'],
  'rate-limits': ['keys', 'networks', 'upkeep'],
  'login-attempts': ['keys', 'networks', 'rate-limits', 'security-events', 'upkeep'],
  authorize: [
    'accounts',
    'browser-sessions',
    'clients',
    'consents',
    'database',
    'id-tokens',
    'interactions',
    'keys',
    'login',
    'oauth-errors',
    'pages',
    'rate-limits',
    'refresh-tokens',
    'resource-servers',
    'security-events',
    'upkeep',
  ],
  logout: ['accounts', 'browser-sessions', 'clients', 'id-tokens', 'pages'],
  // Access tokens that come back.
  'issued-tokens': ['clients', 'keys', 'sessions'],
  userinfo: ['accounts', 'clients', 'id-tokens', 'sessions'],
  revocation: ['clients', 'issued-tokens', 'oauth-errors', 'refresh-tokens', 'sessions'],
  introspection: ['clients', 'issued-tokens', 'oauth-errors'],
  token: [
    'accounts',
    'authorize',
    'clients',
    'dpop',
    'id-tokens',
    'issued-tokens',
    'keys',
    'oauth-errors',
    'refresh-tokens',
    'resource-servers',
    'security-events',
    'sessions',
    'status-lists',
    'upkeep',
  ],
  sessions: [
    'accounts',
    'browser-sessions',
    'clients',
    'consents',
    'notifications',
    'oauth-errors',
    'pages',
    'rate-limits',
    'refresh-tokens',
    'security-events',
  ],
  // A login answers as the token endpoint does, and a first-party refresh is the refresh token grant: hence token.
  login: [
    'accounts',
    'browser-sessions',
    'clients',
    'interactions',
    'login-attempts',
    'networks',
    'oauth-errors',
    'pages',
    'rate-limits',
    'refresh-tokens',
    'resource-servers',
    'token',
  ],
  // It tells of everybody.
  discovery: [
    'accounts',
    'authorize',
    'clients',
    'dpop',
    'id-tokens',
    'keys',
    'pages',
    'resource-servers',
    'status-lists',
  ],
  'cross-origin': [],
  demo: ['accounts', 'clients'],
  // The operator may ask anything of anybody that has an operation to offer.
  ops: [
    'accounts',
    'browser-sessions',
    'clients',
    'database',
    'keys',
    'refresh-tokens',
    'security-events',
    'sessions',
    'status-lists',
    'upkeep',
  ],
};

/** The data source lists everybody's entities: like app.module.ts it is a table of contents. */
const TABLE_OF_CONTENTS = 'apps/auth/src/database/auth-database.ts';

/** Matches an import of a sibling folder that is not among the allowed ones. */
const siblingsBut = (allowed) => ({
  regex: `^\\.\\./(?!(${allowed.join('|') || '$'})/)[^./]+/`,
  message: `This folder of apps/auth may import of its siblings: ${allowed.join(', ') || 'none'} (tools/eslint/auth-arrows.mjs).`,
});

const otherGrant = {
  regex: '\\.grant\\.js$',
  message: 'A grant never imports another one: what they share has a name of its own.',
};

const only = (files, ...patterns) => ({
  files,
  ignores: [TABLE_OF_CONTENTS],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

export const authFolders = [
  only(['apps/auth/src/*/**/*.ts'], siblingsBut([])),
  ...Object.entries(authArrows).map(([folder, allowed]) =>
    only([`apps/auth/src/${folder}/**/*.ts`], siblingsBut(allowed)),
  ),
  only(['apps/auth/src/token/*.grant.ts'], siblingsBut(authArrows.token), otherGrant),
];
