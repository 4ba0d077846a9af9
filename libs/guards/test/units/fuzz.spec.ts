import * as fc from 'fast-check';
import { ALGORITHMS, BearerError } from '../../src/index.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../../src/core/jws.js';
import { TokenError } from '../../src/core/token-error.js';
import { compactJws, encodePart, TestIssuer } from '../../testing/index.js';
import { jsonObject } from '../support/json-arbitraries.js';
import { aStrategy, verifyOrError } from '../support/factories.js';

/** What is thrown; undefined when nothing is. */
function thrownBy(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

const base64url = fc
  .uint8Array({ maxLength: 40 })
  .map((it) => Buffer.from(it).toString('base64url'));
const encodedJson = jsonObject.map(encodePart);
const segment = fc.oneof(base64url, encodedJson, fc.string(), fc.string({ unit: 'binary' }));

/** From noise to what is nearly a token. */
const tokenLike = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('.')),
  fc.tuple(encodedJson, encodedJson, base64url).map((segments) => segments.join('.')),
);

/** One edit of a text: something else for a few of its characters, perhaps nothing. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 3 }),
  instead: fc.oneof(fc.constantFrom('', '.', '=', '\n', ' ', 'A', '-', '_', '+', '/'), fc.string()),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(text: string, { at, length, instead }: Edit): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + instead + text.slice(start + length);
}

describe('taking arbitrary text apart', () => {
  it('a compact JWS is either read or refused with InvalidToken (RFC 7515 §7.1)', () => {
    fc.assert(
      fc.property(tokenLike, (token) => {
        const thrown = thrownBy(() => parseCompactJws(token));
        if (thrown !== undefined) expect(thrown).toBeInstanceOf(TokenError);
      }),
      { numRuns: 2000 },
    );
  });

  it('two texts are never the same token: what is read can be written in one way only', () => {
    fc.assert(
      fc.property(
        encodedJson,
        encodedJson,
        base64url,
        edit,
        (header, payload, signature, change) => {
          const token = edited([header, payload, signature].join('.'), change);
          const thrown = thrownBy(() => {
            const jws = parseCompactJws(token);
            const [, body = ''] = jws.signingInput.split('.');
            decodeHeader(jws.header);
            const parts = [jws.header, body].map((part) => Buffer.from(part, 'base64url'));
            const written = [...parts, jws.signature].map((bytes) => bytes.toString('base64url'));
            expect(written.join('.')).toBe(token);
          });
          if (thrown !== undefined) expect(thrown).toBeInstanceOf(TokenError);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('a header is either believed, with an algorithm and a key that may be, or InvalidToken', () => {
    const rules = { algorithms: ALGORITHMS, tokenTypes: ['at+jwt'] };
    const anyValue = fc.jsonValue();
    const value = (usual: fc.Arbitrary<unknown>) =>
      fc.option(fc.oneof(usual, anyValue), { freq: 9 });
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
        const thrown = thrownBy(() => {
          const { alg, kid } = parseJoseHeader(members, rules);
          expect(ALGORITHMS).toContain(alg);
          expect({ alg, kid }).toEqual({ alg: members.alg, kid: members.kid });
          expect(members).not.toHaveProperty('crit');
          expect(String(members.typ).toLowerCase()).toMatch(/^(application\/)?at\+jwt$/);
        });
        if (thrown !== undefined) expect(thrown).toBeInstanceOf(TokenError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the strategy, asked about arbitrary text', () => {
  let issuer: TestIssuer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });
  afterAll(() => issuer.close());

  it('refuses whatever is in the Authorization header with a BearerError', async () => {
    const strategy = aStrategy(issuer.options);
    const scheme = fc.constantFrom('Bearer ', 'bearer  ', 'Basic ', 'Bearer', 'DPoP ', '');
    const authorization = fc.oneof(
      fc.tuple(scheme, tokenLike).map((parts) => parts.join('')),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.constant(undefined),
    );
    await fc.assert(
      fc.asyncProperty(authorization, fc.string(), async (value, url) => {
        const ask = async () => strategy.verify({ headers: { authorization: value }, url });
        await expect(ask()).rejects.toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses every edit of a good token with a BearerError', async () => {
    const strategy = aStrategy(issuer.options);
    const token = issuer.accessToken();
    await expect(strategy.validate(token)).resolves.toHaveProperty('subject', 'alice');
    await fc.assert(
      fc.asyncProperty(edit, async (change) => {
        const other = edited(token, change);
        fc.pre(other !== token);
        expect(await verifyOrError(strategy, other)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes of any claims under a good signature a token with text for names, or a BearerError', async () => {
    const strategy = aStrategy(issuer.options);
    const good = issuer.claims();
    const names = [...Object.keys(good), 'nbf', 'scope', 'sid', 'auth_time', 'act'];
    const value = fc.oneof(fc.jsonValue(), fc.double({ noNaN: true }), fc.string());
    const changed = fc.dictionary(fc.constantFrom(...names), value, {
      maxKeys: 2,
      noNullPrototype: true,
    });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(changed, async (claims) => {
        const payload = JSON.stringify({ ...good, ...claims });
        const token = compactJws(issuer.header(), payload, issuer.signingKey);
        const verdict = await verifyOrError(strategy, token);
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
