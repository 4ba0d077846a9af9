import { readFile } from 'node:fs/promises';
import { createVerifier, type TokenErrorCode, type VerifierOptions } from '@gatehouse/guards/core';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { waitUntil } from '../support/wait-until.js';
import { TestClock } from '../support/test-clock.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now, hasStatusList: true });
});
afterEach(() => issuer.close());

/** A token that the verifier refuses, and the options that it needs. */
interface Refused {
  readonly token: () => string;
  readonly options?: Partial<VerifierOptions>;
  readonly after?: () => void;
  readonly betweenUses?: () => void;
}

const withClaims = (claims: object): Refused => ({
  token: () => issuer.accessToken({ ...claims }),
});
const withHeader = (header: object): Refused => ({
  token: () => issuer.accessToken({}, { header: { ...header } }),
});
const inSeconds = (seconds: number) => Math.floor(clock.now() / 1000) + seconds;

/** They need a bound token with the part dpop, or introspection(). Tests of those parts make them. */
type OtherCode = 'unbound_token' | 'inactive' | 'introspection_unavailable';

const REFUSED: Record<Exclude<TokenErrorCode, OtherCode>, Refused> = {
  malformed_credentials: { token: () => '' },
  oversized_token: { token: () => 'x'.repeat(8193) },
  malformed_token: { token: () => 'opaque' },
  wrong_issuer: withClaims({ iss: 'https://other.example' }),
  wrong_type: withHeader({ typ: 'JWT' }),
  refused_algorithm: withHeader({ alg: 'RS256' }),
  critical_header: withHeader({ crit: ['exp'] }),
  malformed_key_id: withHeader({ kid: undefined }),
  unknown_key: withHeader({ kid: 'unknown' }),
  bad_signature: {
    token: () =>
      issuer.accessToken(
        {},
        { signedBy: generateSigningKey('ES256'), header: { kid: issuer.signingKey.kid } },
      ),
  },
  wrong_audience: withClaims({ aud: 'https://other.example' }),
  bound_token: withClaims({ cnf: { 'x5t#S256': 'x' } }),
  malformed_claims: withClaims({ sub: 7 }),
  expired: withClaims({ exp: 1 }),
  too_old: {
    token: () => issuer.accessToken({ iat: inSeconds(-100) }),
    options: { maxTokenAgeSeconds: 60 },
  },
  not_yet_valid: { token: () => issuer.accessToken({ nbf: inSeconds(60) }) },
  issued_in_the_future: { token: () => issuer.accessToken({ iat: inSeconds(60) }) },
  revoked: {
    token: () => {
      const token = issuer.accessToken({ exp: inSeconds(3600) });
      issuer.revoke(token);
      return token;
    },
  },
  keys_unavailable: { token: () => issuer.accessToken(), after: () => issuer.fail() },
  status_unavailable: {
    token: () => issuer.accessToken({ exp: inSeconds(3600) }),
    after: () => issuer.statusList.fail(),
    // Tokens of a new list pass for `statusLists.maxAgeSeconds`.
    betweenUses: () => clock.advance({ seconds: 11 }),
  },
};

describe('codes of TokenError', () => {
  it.each(Object.entries(REFUSED))(
    'the verifier refuses with the code %s',
    async (code, { token, options, after, betweenUses }) => {
      const all = { ...issuer.options, ...clock.options, ...options };
      const verifier = createVerifier(all as VerifierOptions);
      const text = token();
      after?.();
      const verify = async () => verifier.verify(text);
      // The first check of a status starts the fetch of the list.
      const isRefused = () =>
        verify().then(
          () => betweenUses?.() ?? false,
          () => true,
        );
      await waitUntil(isRefused);
      await expect(verify()).rejects.toMatchObject({ name: expect.stringMatching(/Error$/), code });
      verifier.close();
    },
  );

  it('the page of the core explains every code', async () => {
    const source = await readFile(
      new URL('../../src/core/token-error.ts', import.meta.url),
      'utf8',
    );
    const page = await readFile(new URL('../../docs/core.md', import.meta.url), 'utf8');
    const unions = [...source.matchAll(/export type \w+ =([^;]+);/g)].map(
      ([, union = '']) => union,
    );
    const codes = unions.flatMap((union) => union.match(/(?<=')\w+(?=')/g) ?? []);
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
