import * as fc from 'fast-check';
import { AccessTokenStrategy, BearerError, TrustedIssuers } from '../../src/index.js';
import { resolveOptions } from '../../src/resolve-options.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../clock.js';
import { verdictOn } from '../strategy-of.js';

/** Two strategies over the same keys, of which one remembers nothing. */
export interface Pair {
  readonly issuer: TestIssuer;
  readonly clock: TestClock;
  readonly remembering: AccessTokenStrategy;
  readonly forgetful: AccessTokenStrategy;
  readonly tokens: string[];
}

export async function aPair(maxTokens: number): Promise<Pair> {
  const clock = new TestClock();
  const issuer = await TestIssuer.start({ now: clock.now });
  const options = { ...issuer.options, now: clock.now };
  const withRoomFor = (most: number) =>
    resolveOptions({ ...options, tokenCache: { maxTokens: most } });
  const keys = new TrustedIssuers(withRoomFor(maxTokens));
  return {
    issuer,
    clock,
    remembering: new AccessTokenStrategy(withRoomFor(maxTokens), keys),
    forgetful: new AccessTokenStrategy(withRoomFor(0), keys),
    tokens: [issuer.accessToken()],
  };
}

/** Nothing is predicted: the strategy without a cache says what is right. */
type Command = fc.AsyncCommand<object, Pair>;

const SPARE = generateSigningKey('ES256');

function command(name: string, run: (pair: Pair) => Promise<void> | void): Command {
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
    const [, , foreign] = issuer.accessToken({}, { signedBy: SPARE }).split('.');
    tokens.push([header, payload, foreign].join('.'));
  }),
);

const verify = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 })).map(([which, times]) =>
  command(`verify ${which} ${times} times`, async ({ tokens, remembering, forgetful }) => {
    const token = tokens[which % tokens.length] ?? '';
    for (let i = 0; i < times; i += 1) {
      const verdicts = [verdictOn(remembering, token), verdictOn(forgetful, token)];
      const [remembered, right] = (await Promise.all(verdicts)).map(comparable);
      expect(remembered).toEqual(right);
    }
  }),
);

const advance = fc
  .constantFrom(0.5, 1, 5, 10, 60, 225, 301)
  .map((seconds) => command(`wait ${seconds} s`, ({ clock }) => clock.advance(seconds)));

const keyChange = fc.constantFrom(
  command('ask for an unknown key', async ({ issuer, remembering }) => {
    await verdictOn(remembering, issuer.accessToken({}, { header: { kid: 'unknown' } }));
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

export const sessions = fc.commands([mint, forge, verify, verify, verify, advance, keyChange], {
  maxCommands: 40,
  size: 'max',
});
