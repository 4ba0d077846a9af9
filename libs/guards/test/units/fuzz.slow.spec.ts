import * as fc from 'fast-check';
import { ALGORITHMS, BearerError } from '../../src/index.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../../src/core/jws.js';
import { TokenError } from '../../src/core/token-error.js';
import { compactJws, encodePart, TestIssuer } from '../../testing/index.js';
import { jsonObject } from '../support/json-arbitraries.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';
import { it } from '../support/slow-test.js';

/** Returns the error that the function throws, or undefined. */
function catchError(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

const base64url = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const encodedJson = jsonObject.map(encodePart);
const segment = fc.oneof(base64url, encodedJson, fc.string(), fc.string({ unit: 'binary' }));

/** Text from noise to almost a token. */
const tokenLike = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('.')),
  fc.tuple(encodedJson, encodedJson, base64url).map((segments) => segments.join('.')),
);

/** One edit of a text: replaces up to three characters, possibly by nothing. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 3 }),
  replacement: fc.oneof(
    fc.constantFrom('', '.', '=', '\n', ' ', 'A', '-', '_', '+', '/'),
    fc.string(),
  ),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function applyEdit(text: string, { at, length, replacement }: Edit): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + replacement + text.slice(start + length);
}

describe('fuzzing of the parsers', () => {
  it('parses a compact JWS or throws TokenError (RFC 7515 §7.1)', () => {
    fc.assert(
      fc.property(tokenLike, (token) => {
        const error = catchError(() => parseCompactJws(token));
        if (error !== undefined) expect(error).toBeInstanceOf(TokenError);
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts only one spelling of each token, so that two texts are never the same token', () => {
    fc.assert(
      fc.property(
        encodedJson,
        encodedJson,
        base64url,
        edit,
        (header, payload, signature, change) => {
          const token = applyEdit([header, payload, signature].join('.'), change);
          const error = catchError(() => {
            const jws = parseCompactJws(token);
            const [, body = ''] = jws.signingInput.split('.');
            decodeHeader(jws.header);
            const parts = [jws.header, body].map((part) => Buffer.from(part, 'base64url'));
            const written = [...parts, jws.signature].map((bytes) => bytes.toString('base64url'));
            expect(written.join('.')).toBe(token);
          });
          if (error !== undefined) expect(error).toBeInstanceOf(TokenError);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('returns an allowed algorithm and a key identifier of a header, or throws TokenError', () => {
    const rules = { algorithms: ALGORITHMS, tokenTypes: ['at+jwt'] };
    const anyValue = fc.jsonValue();
    const value = (likely: fc.Arbitrary<unknown>) =>
      fc.option(fc.oneof(likely, anyValue), { freq: 9 });
    const header = fc.record(
      {
        alg: value(fc.constantFrom(...ALGORITHMS, 'none', 'HS256')),
        typ: value(fc.constantFrom('at+jwt', 'application/AT+JWT', 'JWT')),
        kid: value(fc.string({ maxLength: 300 })),
        crit: anyValue,
        jwk: anyValue,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(header, (members) => {
        const error = catchError(() => {
          const { alg, kid } = parseJoseHeader(members, rules);
          expect(ALGORITHMS).toContain(alg);
          expect({ alg, kid }).toEqual({ alg: members.alg, kid: members.kid });
          expect(members).not.toHaveProperty('crit');
          expect(String(members.typ).toLowerCase()).toMatch(/^(application\/)?at\+jwt$/);
        });
        if (error !== undefined) expect(error).toBeInstanceOf(TokenError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('fuzzing of the authenticator', () => {
  let issuer: TestIssuer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });
  afterAll(() => issuer.close());

  it('throws a BearerError for every Authorization header without a valid token', async () => {
    const authenticator = anAuthenticator(issuer.options);
    const scheme = fc.constantFrom('Bearer ', 'bearer  ', 'Basic ', 'Bearer', 'DPoP ', '');
    const authorization = fc.oneof(
      fc.tuple(scheme, tokenLike).map((parts) => parts.join('')),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.constant(undefined),
    );
    await fc.assert(
      fc.asyncProperty(authorization, fc.string(), async (value, url) => {
        const verify = async () => authenticator.verify({ headers: { authorization: value }, url });
        await expect(verify()).rejects.toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws a BearerError for every edit of a valid token', async () => {
    const authenticator = anAuthenticator(issuer.options);
    const token = issuer.accessToken();
    await expect(authenticator.verifyToken(token)).resolves.toHaveProperty('subject', 'alice');
    await fc.assert(
      fc.asyncProperty(edit, async (change) => {
        const other = applyEdit(token, change);
        fc.pre(other !== token);
        expect(await verifyOrError(authenticator, other)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
  });

  it('returns a token with text in its names for any signed claims, or throws a BearerError', async () => {
    const authenticator = anAuthenticator(issuer.options);
    const valid = issuer.claims();
    const names = [...Object.keys(valid), 'nbf', 'scope', 'sid', 'auth_time', 'act'];
    const value = fc.oneof(fc.jsonValue(), fc.double({ noNaN: true }), fc.string());
    const changed = fc.dictionary(fc.constantFrom(...names), value, {
      maxKeys: 2,
      noNullPrototype: true,
    });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(changed, async (claims) => {
        const payload = JSON.stringify({ ...valid, ...claims });
        const token = compactJws(issuer.header(), payload, issuer.signingKey);
        const verdict = await verifyOrError(authenticator, token);
        if (verdict instanceof BearerError) return;
        accepted += 1;
        expect(verdict).toMatchObject({
          issuer: issuer.issuer,
          audience: issuer.audience,
          subject: expect.stringMatching(/./s),
          clientId: expect.stringMatching(/./s),
          tokenId: expect.stringMatching(/./s),
          claims: JSON.parse(payload),
        });
        expect(Number(JSON.parse(payload).exp) * 1000).toBeGreaterThan(Date.now() - 5000);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
