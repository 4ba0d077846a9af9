import * as fc from 'fast-check';
import { AccessTokenStrategy, BearerError, TrustedIssuers } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { verifyOrError } from './factories.js';

/** Two strategies over the same keys, of which one remembers nothing. */
export interface VerifierPair {
  readonly issuer: TestIssuer;
  readonly clock: TestClock;
  readonly cached: AccessTokenStrategy;
  readonly uncached: AccessTokenStrategy;
  readonly tokens: string[];
}

export async function aVerifierPair(maxTokens: number): Promise<VerifierPair> {
  const clock = new TestClock();
  const issuer = await TestIssuer.start({ now: clock.now });
  const options = { ...issuer.options, now: clock.now };
  const withRoomFor = (most: number) =>
    resolveOptions({ ...options, tokenCache: { maxTokens: most } });
  const keys = new TrustedIssuers(withRoomFor(maxTokens));
  return {
    issuer,
    clock,
    cached: new AccessTokenStrategy(withRoomFor(maxTokens), keys),
    uncached: new AccessTokenStrategy(withRoomFor(0), keys),
    tokens: [issuer.accessToken()],
  };
}

/** Nothing is predicted: the strategy without a cache says what is right. */
type Command = fc.AsyncCommand<object, VerifierPair>;

const OTHER_KEY = generateSigningKey('ES256');

function command(name: string, run: (pair: VerifierPair) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (_model, pair) => run(pair),
    toString: () => name,
  };
}

const mint = fc
  .record({ exp: fc.integer({ min: 1, max: 900 }), nbf: fc.constantFrom(undefined, 20) })
  .map(({ exp, nbf }) =>
    command(`mint for ${exp} s${nbf ? ', from 20 s on' : ''}`, ({ tokens, issuer, clock }) => {
      const now = Math.floor(clock.now() / 1000);
      const claims = { exp: now + exp, ...(nbf && { nbf: now + nbf }) };
      tokens.push(issuer.accessToken(claims));
    }),
  );

const forge = fc.nat().map((which) =>
  command(`forge ${which}`, ({ tokens, issuer }) => {
    const [header, payload] = tokens[which % tokens.length]?.split('.') ?? [];
    const [, , foreign] = issuer.accessToken({}, { signedBy: OTHER_KEY }).split('.');
    tokens.push([header, payload, foreign].join('.'));
  }),
);

const verify = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 })).map(([which, times]) =>
  command(
    `verify ${which} ${times} times`,
    async ({ tokens, cached: remembering, uncached: forgetful }) => {
      const token = tokens[which % tokens.length] ?? '';
      for (let i = 0; i < times; i += 1) {
        const verdicts = [verifyOrError(remembering, token), verifyOrError(forgetful, token)];
        const [remembered, right] = (await Promise.all(verdicts)).map(comparable);
        expect(remembered).toEqual(right);
      }
    },
  ),
);

const advance = fc
  .constantFrom(0.5, 1, 5, 10, 60, 225, 301)
  .map((seconds) => command(`wait ${seconds} s`, ({ clock }) => clock.advance({ seconds })));

const keyChange = fc.constantFrom(
  command('ask for an unknown key', async ({ issuer, cached: remembering }) => {
    await verifyOrError(remembering, issuer.accessToken({}, { header: { kid: 'unknown' } }));
  }),
  command('rotate', ({ issuer }) => void issuer.rotate()),
  command('rotate and remove the old key', ({ issuer }) => {
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
  }),
  command('publish another key under the same kid', ({ issuer }) => replaceKey(issuer)),
  command('fail', ({ issuer }) => issuer.fail()),
  command('be up again', ({ issuer }) => issuer.up()),
);

function replaceKey(issuer: TestIssuer): void {
  const { kid, algorithm } = issuer.signingKey;
  issuer.removeKey(kid);
  issuer.rotate(generateSigningKey(algorithm, kid));
}

/** Retry-After is of the moment, and the same for both only at the same moment. */
function comparable(verdict: unknown): unknown {
  return verdict instanceof BearerError ? verdict.reason : verdict;
}

export const cacheCommands = fc.commands(
  [mint, forge, verify, verify, verify, advance, keyChange],
  {
    maxCommands: 40,
    size: 'max',
  },
);
