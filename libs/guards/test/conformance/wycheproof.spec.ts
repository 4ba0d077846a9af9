import { ALGORITHMS, BearerError } from '../../src/index.js';
import { parseKeySet } from '../../src/core/verification-key.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../../src/core/jws.js';
import { encodePart, TestIssuer } from '../../testing/index.js';
import { aStrategy, verifyOrError } from '../support/factories.js';
import { type Vector, vectorGroups } from './wycheproof/vectors.js';

/** Valid for them, refused by us: the key must say, truly, which algorithm it is for (RFC 8725 §3.1). */
const refusedOnPurpose = new Map([
  [346, 'RFC 7520 §4.2 signs PS384, and their key says PS256'],
  [347, 'RFC 7520 §4.3 signs ES512, and their key says ES521, which does not exist'],
  [350, 'as 346, with key_ops'],
  [351, 'as 347, with key_ops'],
]);

const expected = ({ id, comment, result }: Vector) =>
  `${id} ${comment}: ${refusedOnPurpose.has(id) ? 'invalid' : result}`;

const withCounts = vectorGroups.map(
  ({ group, keys, tests }) =>
    [
      group,
      tests.length,
      tests.filter(({ result }) => result === 'valid').length,
      keys,
      tests,
    ] as const,
);

/** One segment, by the only decoder there is; an empty one, which no access token has, is no bytes. */
function decoded(segment: string): Buffer {
  return segment === '' ? Buffer.alloc(0) : parseCompactJws(`e30.e30.${segment}`).signature;
}

/** Everything that the library demands of a signature, for payloads that are no claims. */
function isSigned(jws: string, published: readonly object[]): boolean {
  const [header = '', payload = '', signature = '', ...surplus] = jws.split('.');
  try {
    const keys = parseKeySet(published, ALGORITHMS);
    const rules = { algorithms: ALGORITHMS, tokenTypes: [''] };
    const { alg, kid } = parseJoseHeader(decodeHeader(header), rules);
    const key = keys.get(kid);
    decoded(payload);
    const verifies = key?.isValidSignature(`${header}.${payload}`, decoded(signature)) === true;
    return verifies && key.algorithm === alg && surplus.length === 0;
  } catch {
    return false;
  }
}

it('every vector with an asymmetric key is here, and none is left out', () => {
  const tests = vectorGroups.flatMap((group) => group.tests);

  expect(tests).toHaveLength(401);
  expect(tests.filter(({ result }) => result === 'valid')).toHaveLength(39);
});

describe('signatures of Project Wycheproof', () => {
  it.each(withCounts)('%s: %i vectors, %i of them valid', (_group, _count, _valid, keys, tests) => {
    const verdicts = tests.map(
      ({ id, comment, jws }) => `${id} ${comment}: ${isSigned(jws, keys) ? 'valid' : 'invalid'}`,
    );
    expect(verdicts).toEqual(tests.map(expected));
  });
});

describe('tokens of Project Wycheproof, whose keys the issuer publishes', () => {
  let issuer: TestIssuer;
  const goodKey = () => ({ ...issuer.signingKey.publicJwk });

  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(() => issuer.close());

  function strategyFor(published: readonly object[]) {
    issuer.answer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [...published, goodKey()] }));
    });
    // Their headers have no `typ`.
    return aStrategy({ ...issuer.options, algorithms: ALGORITHMS, tokenTypes: ['', 'at+jwt'] });
  }

  it.each(withCounts)('%s: all %i are refused', async (_group, count, _valid, keys, tests) => {
    const strategy = strategyFor(keys);
    await expect(strategy.validate(issuer.accessToken())).resolves.toHaveProperty('subject');

    const claims = encodePart(issuer.claims());
    for (const { jws } of tests) {
      const [header, , ...rest] = jws.split('.');
      for (const token of [jws, [header, claims, ...rest].join('.')]) {
        const verdict = await verifyOrError(strategy, token);
        expect(verdict).toBeInstanceOf(BearerError);
        expect(verdict).not.toHaveProperty('reason', 'keys_unavailable');
      }
    }
    expect(count).toBe(tests.length);
  });
});
