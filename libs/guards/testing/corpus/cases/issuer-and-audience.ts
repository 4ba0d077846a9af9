import { invalidToken } from '../support/answer.js';
import { swapCase, type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Value = (forge: Forge) => unknown;
type Row = readonly [id: string, title: string, value: Value];

const issuers: readonly Row[] = [
  ['missing', 'iss is missing', () => undefined],
  ['null', 'iss is null', () => null],
  ['foreign', 'iss is another server', () => 'https://evil.example'],
  ['slash', 'iss has an additional slash', ({ issuer }) => `${issuer.issuer}/`],
  ['case', 'iss is the issuer in capitals', ({ issuer }) => issuer.issuer.toUpperCase()],
  ['prefix', 'iss begins with the issuer', ({ issuer }) => `${issuer.issuer}.evil.example`],
  ['shorter', 'iss is a prefix of the issuer', ({ issuer }) => issuer.issuer.slice(0, -1)],
  ['space', 'iss ends with a space', ({ issuer }) => `${issuer.issuer} `],
  ['array', 'iss is an array that contains the issuer', ({ issuer }) => [issuer.issuer]],
  ['object', 'iss is a query operator', () => ({ $ne: null })],
];

const audiences: readonly Row[] = [
  ['missing', 'aud is missing', () => undefined],
  ['null', 'aud is null', () => null],
  ['sibling', 'aud is another API', () => 'https://sibling.example'],
  ['client', 'aud is the client, as in an ID token', () => 'corpus-client'],
  ['issuer', 'aud is the issuer, as in a client assertion', ({ issuer }) => issuer.issuer],
  ['prefix', 'aud is a prefix of the audience', ({ issuer }) => issuer.audience.slice(0, -1)],
  ['suffix', 'aud begins with the audience', ({ issuer }) => `${issuer.audience}.evil.example`],
  ['case', 'aud is the audience in another case', ({ issuer }) => swapCase(issuer.audience)],
  [
    'list',
    'aud is a string with two audiences',
    ({ issuer }) => `${issuer.audience} https://b.example`,
  ],
  ['array-empty', 'aud is an empty array', () => []],
  ['array-foreign', 'aud is an array without the audience', () => ['https://b.example', '', null]],
  [
    'array-nested',
    'aud is a nested array that contains the audience',
    ({ issuer }) => [[issuer.audience]],
  ],
  [
    'object',
    'aud is an object with the audience as a name',
    ({ issuer }) => ({ [issuer.audience]: true }),
  ],
  ['wildcard', 'aud is a wildcard', () => '*'],
];

export const issuerAndAudience = tokenCases(invalidToken, [
  ...issuers.map(([id, title, iss]): TokenCase => ({
    id: `iss-${id}`,
    title,
    rule: 'RFC 9068 §4',
    reason: 'wrong_issuer',
    token: (forge) => forge.accessToken({ iss: iss(forge) }),
  })),
  {
    id: 'iss-of-the-attacker',
    title: 'iss is a server of the attacker, who signs and publishes the key',
    rule: 'RFC 8725 §3.8',
    reason: 'wrong_issuer',
    token: (forge) => {
      const { key, server } = forge.issuer.attacker;
      const changes = { header: { kid: key.kid }, signedBy: key };
      return forge.accessToken({ iss: server.origin }, changes);
    },
  },
  ...audiences.map(([id, title, aud]): TokenCase => ({
    id: `aud-${id}`,
    title,
    rule: 'RFC 9068 §4, RFC 7519 §4.1.3',
    reason: 'wrong_audience',
    token: (forge) => forge.accessToken({ aud: aud(forge) }),
  })),
]);
