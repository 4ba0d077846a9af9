import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { toRetryAfterSeconds } from '../../src/core/token-error.js';
import { ProofsUnavailable } from '../../src/dpop/index.js';
import { buildHttpResponse } from '../../src/graphql/graphql-error.js';
import {
  type BearerError,
  InsufficientScope,
  InsufficientUserAuthentication,
  KeysUnavailable,
  StatusUnavailable,
} from '../../src/index.js';
import { buildChallenge } from '../../src/nest/bearer-error.filter.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { HandshakeError } from '../../src/websockets/connection.js';

const options = resolveOptions({
  issuer: 'https://auth.example',
  audience: 'https://api.example/v1',
  algorithms: ['ES256'],
  dpop: {},
});

type ListHeaders = (
  refusal: BearerError,
  challenge: string | undefined,
) => Iterable<[string, string]>;

const transports: readonly ListHeaders[] = [
  // One line for each transport.
  (refusal) => Object.entries(refusal.headers),
  (refusal, challenge) => buildHttpResponse(refusal, challenge, true).headers,
  (...refusal) => Object.entries(HandshakeError.fromBearerError(...refusal).headers),
];

/** The headers of a refusal on every transport that has headers. */
function listHeaders(refusal: BearerError): [name: string, value: string][] {
  const challenge = buildChallenge(refusal, options);
  return transports.flatMap((list) => [...list(refusal, challenge)]);
}

const number = fc.double();

describe('headers of a refusal, on HTTP, GraphQL and WebSocket handshakes', () => {
  it.each([
    ['keys', (seconds: number) => new KeysUnavailable(seconds)],
    ['status lists', (seconds: number) => new StatusUnavailable(seconds)],
    ['the store of proofs', (seconds: number) => new ProofsUnavailable(seconds)],
  ])(
    'have a Retry-After of whole seconds for each outage of %s (RFC 9110 §10.2.3)',
    (_what, refuse) => {
      fc.assert(
        fc.property(number, (seconds) => {
          const values = listHeaders(refuse(seconds)).map(([, value]) => value);
          expect(values).toHaveLength(transports.length);
          for (const value of values) {
            expect(value).toMatch(/^[1-9]\d{0,3}$/);
            expect(Number(value)).toBeLessThanOrEqual(3600);
          }
        }),
      );
    },
  );

  it('never retry later than an hour, nor before the time that is known', () => {
    expect([0.2, 1, 1.2, 30, 4000, 0, -5].map(toRetryAfterSeconds)).toEqual([
      1, 1, 2, 30, 3600, 1, 1,
    ]);
    expect([Infinity, -Infinity, Number.NaN].map(toRetryAfterSeconds)).toEqual([1, 1, 1]);
  });

  it('writes valid headers for scopes of any text that a handler throws (RFC 9110 §5.6.4)', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), number, (scopes, age) => {
        const login = new InsufficientUserAuthentication(age);
        expect(buildChallenge(login, options)).toMatch(/max_age="\d+"/);
        const refusals = [new InsufficientScope(scopes), login];
        for (const [name, value] of refusals.flatMap(listHeaders)) {
          validateHeaderValue(name, value);
          expect(value.replace(/"(?:[^"\\]|\\.)*"/g, '""')).toMatch(/^[\w,= "]+$/);
        }
      }),
    );
  });
});
