import { invalidToken } from '../support/answer.js';
import { swapCase, type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Value = (forge: Forge) => unknown;
type Row = readonly [id: string, title: string, value: Value];

const issuers: readonly Row[] = [
  ['missing', 'There is no iss', () => undefined],
  ['null', 'iss is null', () => null],
  ['foreign', 'iss is another server', () => 'https://evil.example'],
  ['slash', 'iss has a slash more', ({ issuer }) => `${issuer.issuer}/`],
  ['case', 'iss is right but for its case', ({ issuer }) => issuer.issuer.toUpperCase()],
  ['prefix', 'iss begins like the issuer', ({ issuer }) => `${issuer.issuer}.evil.example`],
  ['shorter', 'iss is the beginning of the issuer', ({ issuer }) => issuer.issuer.slice(0, -1)],
  ['space', 'iss ends in a blank', ({ issuer }) => `${issuer.issuer} `],
  ['array', 'iss is an array with the issuer', ({ issuer }) => [issuer.issuer]],
  ['object', 'iss is a query operator', () => ({ $ne: null })],
];

const audiences: readonly Row[] = [
  ['missing', 'There is no aud', () => undefined],
  ['null', 'aud is null', () => null],
  ['sibling', 'aud is the API next door', () => 'https://sibling.example'],
  ['client', 'aud is the client, as in an ID token', () => 'corpus-client'],
  ['issuer', 'aud is the issuer, as in a client assertion', ({ issuer }) => issuer.issuer],
  ['prefix', 'aud is the beginning of ours', ({ issuer }) => issuer.audience.slice(0, -1)],
  ['suffix', 'aud begins like ours', ({ issuer }) => `${issuer.audience}.evil.example`],
  ['case', 'aud is right but for its case', ({ issuer }) => swapCase(issuer.audience)],
  ['list', 'aud is a list in one string', ({ issuer }) => `${issuer.audience} https://b.example`],
  ['array-empty', 'aud is an empty array', () => []],
  ['array-foreign', 'aud is an array without us', () => ['https://b.example', '', null]],
  ['array-nested', 'aud is an array in an array', ({ issuer }) => [[issuer.audience]]],
  ['object', 'aud is an object that names us', ({ issuer }) => ({ [issuer.audience]: true })],
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
    title: 'iss is a server of the attacker, who has signed and publishes the key',
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
