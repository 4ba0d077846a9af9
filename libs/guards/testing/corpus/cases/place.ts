import {
  type ExpectedAnswer,
  invalidRequest,
  noCredentials,
  unusableCredentials,
} from '../support/answer.js';
import type { CorpusCase, CorpusRequest } from '../support/corpus-case.js';

type Request = (token: string, path: string) => CorpusRequest;
type Row = readonly [id: string, title: string, request: Request];

const header = (name: string, value: string): CorpusRequest => ({ headers: [[name, value]] });

const inQuery = (path: string, parameter: string): string =>
  `${path}${path.includes('?') ? '&' : '?'}${parameter}`;

const withBody = (type: string, body: string): CorpusRequest => ({
  headers: [
    ['Content-Type', type],
    ['Content-Length', String(Buffer.byteLength(body))],
  ],
  body,
});

/** A valid token outside the Authorization header. */
const places: readonly Row[] = [
  [
    'query',
    'The token is in the query',
    (token, path) => ({ headers: [], path: inQuery(path, `access_token=${token}`) }),
  ],
  [
    'query-token',
    'The token is in the query under another name',
    (token, path) => ({ headers: [], path: inQuery(path, `token=${token}&jwt=${token}`) }),
  ],
  [
    'form',
    'The token is in a form',
    (token) => withBody('application/x-www-form-urlencoded', `access_token=${token}`),
  ],
  [
    'json',
    'The token is in a JSON body',
    (token) => withBody('application/json', JSON.stringify({ access_token: token })),
  ],
  ['cookie', 'The token is in a cookie', (token) => header('Cookie', `access_token=${token}`)],
  [
    'x-authorization',
    'The token is in X-Authorization',
    (token) => header('X-Authorization', `Bearer ${token}`),
  ],
  ['x-access-token', 'The token is in X-Access-Token', (token) => header('X-Access-Token', token)],
  ['x-auth-token', 'The token is in X-Auth-Token', (token) => header('X-Auth-Token', token)],
  [
    'forwarded',
    'The token is in X-Forwarded-Access-Token',
    (token) => header('X-Forwarded-Access-Token', token),
  ],
  [
    'proxy',
    'The token is in Proxy-Authorization',
    (token) => header('Proxy-Authorization', `Bearer ${token}`),
  ],
];

/** Headers that a proxy adds or an old framework trusts. The request has no token. */
const claimed: readonly Row[] = [
  ['x-forwarded-user', 'A header names a user', () => header('X-Forwarded-User', 'alice')],
  ['x-remote-user', 'Another header names a user', () => header('X-Remote-User', 'alice')],
  ['x-original-url', 'A header names another address', () => header('X-Original-URL', '/')],
  ['x-method', 'A header names another method', () => header('X-HTTP-Method-Override', 'OPTIONS')],
  [
    'x-forwarded-for',
    'A header names a loopback address',
    () => header('X-Forwarded-For', '127.0.0.1'),
  ],
];

const requests = (rows: readonly Row[], prefix: string): CorpusCase[] =>
  rows.map(([id, title, request]) => ({
    id: `${prefix}-${id}`,
    title,
    rule: 'RFC 6750 §2',
    expected: unusableCredentials,
    reason: 'no_token',
    request: (forge) => request(forge.accessToken(), forge.target.path),
  }));

/** A service may route another spelling to another resource or to none, but not to this resource without a guard. */
const notFound: readonly ExpectedAnswer[] = [
  ...noCredentials,
  ...[301, 302, 307, 308, 400, 403, 404, 405, 421].map((status) => ({ status })),
];

const spellings: readonly [id: string, title: string, spell: (path: string) => string][] = [
  ['slash', 'a slash at the end', (path) => `${path}/`],
  ['double-slash', 'two slashes at the beginning', (path) => `/${path}`],
  ['dot-segment', 'a dot segment', (path) => `/.${path}`],
  ['parent-segment', 'a parent segment', (path) => `/x/..${path}`],
  ['case', 'capital letters', (path) => path.toUpperCase()],
  ['escape', 'an escaped last letter', escapeLast],
  ['escaped-slash', 'an escaped slash at the end', (path) => `${path}%2f`],
  ['matrix', 'a matrix parameter', (path) => `${path};x=1`],
  ['null', 'an escaped NUL', (path) => `${path}%00`],
  ['extension', 'an extension', (path) => `${path}.json`],
];

function escapeLast(path: string): string {
  const last = path.charCodeAt(path.length - 1).toString(16);
  return `${path.slice(0, -1)}%${last}`;
}

const addresses = spellings.map(([id, title, spell]): CorpusCase => ({
  id: `path-${id}`,
  title: `The token is missing, and the path has ${title}`,
  rule: 'RFC 3986 §6.2',
  expected: notFound,
  request: (forge) => ({ headers: [], path: spell(withoutQuery(forge.target.path)) }),
}));

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? '/';
}

const both: CorpusCase = {
  id: 'several-header-and-query',
  title: 'The token is in the header and in the query',
  rule: 'RFC 6750 §2, §3.1',
  expected: invalidRequest,
  reason: 'several_credentials',
  stricter: true,
  request: (forge) => {
    const token = forge.accessToken();
    const path = inQuery(forge.target.path, `access_token=${token}`);
    return { ...header('Authorization', `Bearer ${token}`), path };
  },
};

export const place: readonly CorpusCase[] = [
  ...requests(places, 'place').map((one): CorpusCase => ({ ...one, stricter: true })),
  both,
  ...requests(claimed, 'claimed'),
  ...addresses,
];
