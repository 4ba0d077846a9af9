import fc from 'fast-check';
import {
  type AccessToken,
  type RequestAuthenticator,
  BearerError,
  type GuardsOptions,
  TrustedIssuers,
} from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { signature, type SigningKey, TestIssuer } from '../../testing/index.js';
import { anAuthenticatorSharing } from '../support/factories.js';
import { TestClock } from '../support/test-clock.js';
import { it } from '../support/slow-test.js';

const AUDIENCES = ['https://orders.example', 'https://billing.example'] as const;
const ISSUERS = [0, 1] as const;

/** Two authenticators for one application, with and without a cache. They share keys, so that only the cache differs. */
class StrategyPair {
  private readonly cached: RequestAuthenticator;
  private readonly uncached: RequestAuthenticator;

  constructor(options: GuardsOptions) {
    const issuers = new TrustedIssuers(resolveOptions(options));
    this.cached = createStrategy(options, issuers, 2);
    this.uncached = createStrategy(options, issuers, 0);
  }

  /** Starts both verifications at the same time, so that no background fetch can finish between them. */
  verdicts(token: string): Promise<[cached: Verdict, uncached: Verdict]> {
    return Promise.all([verify(this.cached, token), verify(this.uncached, token)]);
  }
}

/** The cache holds two tokens, so that tokens also evict each other. */
function createStrategy(options: GuardsOptions, issuers: TrustedIssuers, maxTokens: number) {
  return anAuthenticatorSharing({ ...options, tokenCache: { maxTokens } }, issuers);
}

type Verdict = AccessToken | string;

async function verify(authenticator: RequestAuthenticator, token: string): Promise<Verdict> {
  try {
    return await authenticator.verifyToken(token);
  } catch (error) {
    if (error instanceof BearerError) return error.reason;
    throw error;
  }
}

/** A token and its expected properties. */
interface IssuedToken {
  readonly text: string;
  readonly kid: string;
  readonly issuer: string;
  readonly audience: string;
  readonly expiresAt: number;
  /** Whether the named issuer signed the token. */
  readonly isGenuine: boolean;
}

const anIssuer = fc.constantFrom(...ISSUERS);
const anApp = fc.constantFrom(...AUDIENCES);

/** An index from the newest token on, so that most tokens are verified again while they are cached. */
const aToken = fc.nat({ max: 5 });

type Step =
  | { do: 'issue'; issuer: 0 | 1; audience: string; lifetime: number; signer: 0 | 1 }
  | { do: 'verify'; token: number; app: string; times: number }
  | { do: 'forge'; token: number; signer: 0 | 1 }
  | { do: 'advance'; seconds: number }
  | { do: 'rotate'; issuer: 0 | 1 }
  | { do: 'replace'; issuer: 0 | 1 };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('verify' as const),
      token: aToken,
      app: anApp,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('issue' as const),
      issuer: anIssuer,
      audience: anApp,
      lifetime: fc.constantFrom(15, 60, 600),
      signer: anIssuer,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('forge' as const),
      token: aToken,
      signer: anIssuer,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      seconds: fc.constantFrom(2, 16, 90, 400),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const), issuer: anIssuer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), issuer: anIssuer }) },
);

/** Two issuers, and two applications that trust both. */
class TwoApplications {
  readonly clock = new TestClock();
  readonly tokens: IssuedToken[] = [];
  private readonly apps: ReadonlyMap<string, StrategyPair>;

  private constructor(readonly issuers: readonly [TestIssuer, TestIssuer]) {
    this.apps = new Map(
      AUDIENCES.map((audience) => [audience, new StrategyPair(this.options(audience))]),
    );
  }

  static async start(): Promise<TwoApplications> {
    const applications = new TwoApplications(
      await Promise.all([TestIssuer.start(), TestIssuer.start()]),
    );
    for (const issuer of ISSUERS) {
      for (const audience of AUDIENCES)
        applications.issue(issuer, issuer, { audience, lifetime: 600 });
    }
    return applications;
  }

  async close(): Promise<void> {
    await Promise.all(this.issuers.map((issuer) => issuer.close()));
  }

  async apply(step: Step): Promise<void> {
    switch (step.do) {
      case 'issue':
        return this.issue(step.issuer, step.signer, step);
      case 'forge':
        return this.forge(this.token(step.token), this.issuers[step.signer].signingKey);
      case 'advance':
        return this.clock.advance({ seconds: step.seconds });
      case 'rotate':
        return void this.issuers[step.issuer].rotate();
      case 'replace':
        return this.replaceKeys(this.issuers[step.issuer]);
      case 'verify':
        for (let i = 0; i < step.times; i++)
          await this.compareVerdicts(this.token(step.token), step.app);
    }
  }

  private options(audience: string): GuardsOptions {
    const [one, other] = this.issuers.map(({ issuer, jwksUri }) => {
      return { issuer, jwksUri, algorithms: ['ES256'] as const };
    });
    if (!one || !other) throw new Error('The test needs two issuers');
    return { audience, issuers: [one, other], clockToleranceSeconds: 0, ...this.clock.options };
  }

  private issue(
    named: 0 | 1,
    signer: 0 | 1,
    { audience, lifetime }: { audience: string; lifetime: number },
  ): void {
    const { issuer, signingKey } = this.issuers[named];
    const { signingKey: signedBy } = this.issuers[signer];
    const iat = Math.floor(this.clock.now() / 1000);
    const exp = iat + lifetime;
    const text = this.issuers[named].accessToken({ aud: audience, iat, exp }, { signedBy });
    const isGenuine = named === signer;
    const expiresAt = exp * 1000;
    this.tokens.push({ text, kid: signingKey.kid, issuer, audience, expiresAt, isGenuine });
  }

  /** Adds a token with the same header and claims under another signature. */
  private forge(token: IssuedToken, signedBy: SigningKey): void {
    const input = token.text.slice(0, token.text.lastIndexOf('.'));
    const text = `${input}.${signature(input, signedBy)}`;
    this.tokens.push({ ...token, text, isGenuine: signedBy.kid === token.kid });
  }

  private token(fromNewest: number): IssuedToken {
    const token = this.tokens.at(-1 - (fromNewest % this.tokens.length));
    if (!token) throw new Error('No token was issued');
    return token;
  }

  /** Adds a signing key and removes the previous one from the key set. */
  private replaceKeys(issuer: TestIssuer): void {
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
  }

  private async compareVerdicts(token: IssuedToken, app: string): Promise<void> {
    const pair = this.apps.get(app);
    if (!pair) throw new Error('Unknown application');
    const [cached, uncached] = await pair.verdicts(token.text);

    expect(cached).toEqual(uncached);
    if (typeof cached === 'string') return;
    expect(token.isGenuine).toBe(true);
    expect(app).toBe(token.audience);
    expect(this.clock.now()).toBeLessThan(token.expiresAt);
    expect(cached).toMatchObject({ issuer: token.issuer, audience: token.audience });
  }
}

describe('token caches of several services', () => {
  it('changes no verdict in any sequence of tokens, services, clock and key changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 10, maxLength: 60 }), async (steps) => {
        const applications = await TwoApplications.start();
        try {
          for (const step of steps) await applications.apply(step);
        } finally {
          await applications.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('drops a cached token when the next key set lacks its key', async () => {
    const applications = await TwoApplications.start();
    const [issuer] = applications.issuers;
    const options = { ...issuer.options, ...applications.clock.options };
    const pair = new StrategyPair({ ...options, tokenCache: { maxTokens: 10 } });
    const token = issuer.accessToken({ exp: applications.clock.now() / 1000 + 3600 });
    for (let i = 0; i < 3; i++) {
      expect(await pair.verdicts(token)).toMatchObject([{ subject: 'alice' }, {}]);
    }

    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
    applications.clock.advance({ seconds: 601 });

    expect(await pair.verdicts(token)).toEqual(['unknown_key', 'unknown_key']);
    await applications.close();
  });
});
