import { invalidToken } from '../support/answer.js';
import { tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';

type Status = (forge: Forge) => unknown;

const RULE = 'Token Status List §6.2, §8.3';

const at =
  (idx: unknown): Status =>
  ({ issuer }) => ({ status_list: { idx, uri: `${issuer.issuer}/status-lists/1` } });
const named =
  (uri: (forge: Forge) => unknown): Status =>
  (forge) => ({ status_list: { idx: 0, uri: uri(forge) } });

/** The claim `status` is signed. A verifier still must not fetch every address in it, and must not ignore it. */
const statuses: readonly [id: string, title: string, status: Status][] = [
  ['null', 'status is null', () => null],
  ['string', 'status is a string', () => 'active'],
  ['array', 'status is an array', (forge) => [at(0)(forge)]],
  ['empty', 'status names no mechanism', () => ({})],
  ['unknown', 'status names an unknown mechanism', () => ({ status_oracle: { id: 1 } })],
  ['list-array', 'status_list is an array', () => ({ status_list: [0] })],
  ['idx-missing', 'idx is missing', at(undefined)],
  ['idx-negative', 'idx is negative', at(-1)],
  ['idx-fraction', 'idx is a fraction', at(0.5)],
  ['idx-string', 'idx is a string', at('0')],
  ['idx-huge', 'idx exceeds every safe integer', at(1e300)],
  ['uri-missing', 'uri is missing', named(() => undefined)],
  ['uri-array', 'uri is an array', named(({ issuer }) => [issuer.issuer])],
  ['uri-path', 'uri is a path', named(() => '/status-lists/1')],
  ['uri-file', 'uri is a file', named(() => 'file:///etc/passwd')],
  [
    'uri-elsewhere',
    'The list is on the server of the attacker',
    named(({ issuer }) => `${issuer.attacker.server.origin}/status-lists/1`),
  ],
  [
    'uri-credentials',
    'uri contains credentials',
    named(({ issuer }) => issuer.issuer.replace('://', '://user:word@')),
  ],
  [
    'uri-metadata-service',
    'The list is at the metadata address of a cloud provider',
    named(() => 'http://169.254.169.254/latest/meta-data'),
  ],
];

export const status = tokenCases(
  invalidToken,
  statuses.map(([id, title, claim]) => ({
    id: `status-${id}`,
    title,
    rule: RULE,
    reason: 'malformed_claims',
    stricter: true,
    token: (forge) => forge.accessToken({ status: claim(forge) }),
  })),
);
