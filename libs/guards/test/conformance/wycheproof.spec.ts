import { ALGORITHMS, BearerError } from '../../src/index.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../../src/core/jws.js';
import { encodePart, TestIssuer } from '../../testing/index.js';
import { anAuthenticator, parseKeySet, verifyOrError } from '../support/factories.js';
import { ed25519Groups, type Vector, vectorGroups } from './wycheproof/vectors.js';

/** Wycheproof accepts these vectors. The guards refuse them because `alg` of the key must be the algorithm used (RFC 8725 §3.1). */
const refusedOnPurpose = new Map([
  [346, 'RFC 7520 §4.2 signs with PS384, but the key says PS256'],
  [347, 'RFC 7520 §4.3 signs with ES512, but the key says ES521, which does not exist'],
  [350, 'like 346, with key_ops'],
  [351, 'like 347, with key_ops'],
]);

/**
 * The groups whose vectors Wycheproof refuses and the guards accept. Their RSA key is factorable (ROCA, CVE-2017-15361). Only
 * a key generator of 2017 makes such keys, and only a trusted issuer could publish one, so a starter does not carry a detector.
 */
const acceptedOnPurpose = new Set([
  'json_web_key 5:jws_rsa_roca_key',
  'json_web_crypto 3:jws_rsa_roca_key',
]);

function expectedResult(group: string, { id, result }: Vector): Vector['result'] {
  if (acceptedOnPurpose.has(group)) return 'valid';
  if (refusedOnPurpose.has(id)) return 'invalid';
  return result;
}

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

/** Decodes one segment as the library does. An empty segment, which no access token has, is an empty buffer. */
function decodeSegment(segment: string): Buffer {
  return segment === '' ? Buffer.alloc(0) : parseCompactJws(`e30.e30.${segment}`).signature;
}

/** Applies every rule of the library about signatures. The payloads of these vectors are not claims. */
async function isSigned(jws: string, published: readonly object[]): Promise<boolean> {
  const [header = '', payload = '', signature = '', ...surplus] = jws.split('.');
  try {
    const { keys } = await parseKeySet(published, ALGORITHMS);
    const rules = { algorithms: ALGORITHMS, tokenTypes: [''] };
    const { alg, kid } = parseJoseHeader(decodeHeader(header), rules);
    const key = keys.get(kid);
    decodeSegment(payload);
    const verifies =
      key?.isValidSignature(`${header}.${payload}`, decodeSegment(signature)) === true;
    return verifies && key.algorithm === alg && surplus.length === 0;
  } catch {
    return false;
  }
}

it('contains every Wycheproof vector with an asymmetric key', () => {
  const tests = vectorGroups.flatMap((group) => group.tests);

  expect(tests).toHaveLength(401);
  expect(tests.filter(({ result }) => result === 'valid')).toHaveLength(39);
});

it('accepts exactly two vectors that Wycheproof refuses, both with a ROCA key', () => {
  const groups = vectorGroups.filter(({ group }) => acceptedOnPurpose.has(group));
  const tests = groups.flatMap((group) => group.tests);

  expect(groups).toHaveLength(acceptedOnPurpose.size);
  expect(tests.map(({ comment, result }) => [comment, result])).toEqual([
    ['rejectsKeyWithRocaVulnerability', 'invalid'],
    ['rejectsKeyWithRocaVulnerability', 'invalid'],
  ]);
});

describe('signatures of Project Wycheproof', () => {
  it.each(withCounts)(
    'judges the signatures of group %s: %i vectors, %i of them valid',
    async (group, _count, _valid, keys, tests) => {
      const describeResult = ({ id, comment }: Vector, result: Vector['result']) =>
        `${id} ${comment}: ${result}`;
      const verdicts = await Promise.all(
        tests.map(async (vector) =>
          describeResult(vector, (await isSigned(vector.jws, keys)) ? 'valid' : 'invalid'),
        ),
      );

      expect(verdicts).toEqual(
        tests.map((vector) => describeResult(vector, expectedResult(group, vector))),
      );
    },
  );
});

describe('tokens of Project Wycheproof with keys that the issuer publishes', () => {
  let issuer: TestIssuer;
  const goodKey = () => ({ ...issuer.signingKey.publicJwk });

  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(() => issuer.close());

  function authenticatorFor(published: readonly object[]) {
    issuer.answer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [...published, goodKey()] }));
    });
    // The headers of the vectors have no `typ`.
    return anAuthenticator({
      ...issuer.options,
      algorithms: ALGORITHMS,
      tokenTypes: ['', 'at+jwt'],
    });
  }

  it.each(withCounts)(
    'refuses the tokens of group %s: all %i of them',
    async (_group, count, _valid, keys, tests) => {
      const authenticator = authenticatorFor(keys);
      await expect(authenticator.verifyToken(issuer.accessToken())).resolves.toHaveProperty(
        'subject',
      );

      const claims = encodePart(issuer.claims());
      for (const { jws } of tests) {
        const [header, , ...rest] = jws.split('.');
        for (const token of [jws, [header, claims, ...rest].join('.')]) {
          const verdict = await verifyOrError(authenticator, token);
          expect(verdict).toBeInstanceOf(BearerError);
          expect(verdict).not.toHaveProperty('reason', 'keys_unavailable');
        }
      }
      expect(count).toBe(tests.length);
    },
  );
});

describe('Ed25519 signatures of Project Wycheproof (RFC 8032)', () => {
  it('contains all of its vectors', () => {
    const tests = ed25519Groups.flatMap((group) => group.tests);

    expect(tests).toHaveLength(145);
    expect(tests.filter(({ result }) => result === 'valid')).toHaveLength(84);
  });

  it('judges each signature as the vector says', async () => {
    for (const { x, tests } of ed25519Groups) {
      const jwk = { kty: 'OKP', crv: 'Ed25519', kid: 'k', x };
      const key = (await parseKeySet([jwk], ['Ed25519'])).keys.get('k');
      const verdicts = tests.map(({ id, comment, message, signature }) => {
        const text = Buffer.from(message, 'hex').toString('latin1');
        const isValid = key?.isValidSignature(text, Buffer.from(signature, 'hex'));
        return [id, comment, isValid ? 'valid' : 'invalid'];
      });

      expect(verdicts).toEqual(tests.map(({ id, comment, result }) => [id, comment, result]));
    }
  });
});
