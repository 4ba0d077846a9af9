import * as fc from 'fast-check';
import { BearerError, type RequestAuthenticator, TrustedIssuers } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { anAuthenticatorSharing, verifyOrError } from './factories.js';

/** Two authenticators that share keys. One caches verified tokens, the other does not. */
interface VerifierPair {
  readonly issuer: TestIssuer;
  readonly clock: TestClock;
  readonly cached: RequestAuthenticator;
  readonly uncached: RequestAuthenticator;
  readonly tokens: string[];
}

export async function aVerifierPair(maxTokens: number): Promise<VerifierPair> {
  const clock = new TestClock();
  const issuer = await TestIssuer.start({ now: clock.now });
  const options = { ...issuer.options, ...clock.options };
  const optionsFor = (maxCached: number) => ({ ...options, tokenCache: { maxTokens: maxCached } });
  const keys = new TrustedIssuers(resolveOptions(optionsFor(maxTokens)));
  return {
    issuer,
    clock,
    cached: anAuthenticatorSharing(optionsFor(maxTokens), keys),
    uncached: anAuthenticatorSharing(optionsFor(0), keys),
    tokens: [issuer.accessToken()],
  };
}

/** The model is empty, because the authenticator without a cache is the reference. */
type Command = fc.AsyncCommand<object, VerifierPair>;

const OTHER_KEY = generateSigningKey('ES256');

function command(name: string, run: (pair: VerifierPair) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (_model, pair) => run(pair),
    toString: () => name,
  };
}

const issue = fc
  .record({ exp: fc.integer({ min: 1, max: 900 }), nbf: fc.constantFrom(undefined, 20) })
  .map(({ exp, nbf }) =>
    command(
      `issue a token for ${exp} s${nbf ? ' that is valid from 20 s on' : ''}`,
      ({ tokens, issuer, clock }) => {
        const now = Math.floor(clock.now() / 1000);
        const claims = { exp: now + exp, ...(nbf && { nbf: now + nbf }) };
        tokens.push(issuer.accessToken(claims));
      },
    ),
  );

const forge = fc.nat().map((which) =>
  command(`forge the signature of token ${which}`, ({ tokens, issuer }) => {
    const [header, payload] = tokens[which % tokens.length]?.split('.') ?? [];
    const [, , foreign] = issuer.accessToken({}, { signedBy: OTHER_KEY }).split('.');
    tokens.push([header, payload, foreign].join('.'));
  }),
);

const verify = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 })).map(([which, times]) =>
  command(`verify token ${which} ${times} times`, async ({ tokens, cached, uncached }) => {
    const token = tokens[which % tokens.length] ?? '';
    for (let i = 0; i < times; i += 1) {
      const verdicts = [verifyOrError(cached, token), verifyOrError(uncached, token)];
      const [actual, expected] = (await Promise.all(verdicts)).map(comparable);
      expect(actual).toEqual(expected);
    }
  }),
);

const advance = fc
  .constantFrom(0.5, 1, 5, 10, 60, 225, 301)
  .map((seconds) => command(`wait ${seconds} s`, ({ clock }) => clock.advance({ seconds })));

const keyChange = fc.constantFrom(
  command('verify a token with an unknown key', async ({ issuer, cached }) => {
    await verifyOrError(cached, issuer.accessToken({}, { header: { kid: 'unknown' } }));
  }),
  command('rotate the key', ({ issuer }) => void issuer.rotate()),
  command('rotate the key and remove the old one', ({ issuer }) => {
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
  }),
  command('publish another key under the same kid', ({ issuer }) => replaceKey(issuer)),
  command('let the key server fail', ({ issuer }) => issuer.fail()),
  command('let the key server recover', ({ issuer }) => issuer.up()),
);

function replaceKey(issuer: TestIssuer): void {
  const { kid, algorithm } = issuer.signingKey;
  issuer.removeKey(kid);
  issuer.rotate(generateSigningKey(algorithm, kid));
}

/** Compares errors by reason, because Retry-After depends on the moment of the verification. */
function comparable(verdict: unknown): unknown {
  return verdict instanceof BearerError ? verdict.reason : verdict;
}

export const cacheCommands = fc.commands(
  [issue, forge, verify, verify, verify, advance, keyChange],
  {
    maxCommands: 40,
    size: 'max',
  },
);
