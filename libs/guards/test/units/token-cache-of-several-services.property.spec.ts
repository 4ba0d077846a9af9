import fc from 'fast-check';
import {
  type AccessToken,
  AccessTokenStrategy,
  BearerError,
  type GuardsOptions,
  TrustedIssuers,
} from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { signature, type SigningKey, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';

const AUDIENCES = ['https://orders.example', 'https://billing.example'] as const;
const ISSUERS = [0, 1] as const;

/** One application, twice: remembering tokens and not. Both look at the same keys, so that only the cache differs. */
class Twins {
  private readonly remembering: AccessTokenStrategy;
  private readonly forgetful: AccessTokenStrategy;

  constructor(options: GuardsOptions) {
    const issuers = new TrustedIssuers(resolveOptions(options));
    this.remembering = strategy(options, issuers, 2);
    this.forgetful = strategy(options, issuers, 0);
  }

  /** Asked in the same instant, before a fetch in the background can come between them. */
  verdicts(token: string): Promise<[remembering: Verdict, forgetful: Verdict]> {
    return Promise.all([verdict(this.remembering, token), verdict(this.forgetful, token)]);
  }
}

/** A cache of two tokens, so that they push each other out as well. */
function strategy(options: GuardsOptions, issuers: TrustedIssuers, maxTokens: number) {
  return new AccessTokenStrategy(
    resolveOptions({ ...options, tokenCache: { maxTokens } }),
    issuers,
  );
}

type Verdict = AccessToken | string;

async function verdict(strategy: AccessTokenStrategy, token: string): Promise<Verdict> {
  try {
    return await strategy.validate(token);
  } catch (error) {
    if (error instanceof BearerError) return error.reason;
    throw error;
  }
}

/** What a token is, besides its text. */
interface Minted {
  readonly text: string;
  readonly kid: string;
  readonly issuer: string;
  readonly audience: string;
  readonly expiresAt: number;
  /** Signed by the issuer that it names. */
  readonly genuine: boolean;
}

const anIssuer = fc.constantFrom(...ISSUERS);
const anApp = fc.constantFrom(...AUDIENCES);

/** Counted from the newest, so that most are shown again while they are remembered. */
const aToken = fc.nat({ max: 5 });

type Step =
  | { do: 'mint'; issuer: 0 | 1; audience: string; lifetime: number; signer: 0 | 1 }
  | { do: 'show'; token: number; app: string; times: number }
  | { do: 'forge'; token: number; signer: 0 | 1 }
  | { do: 'advance'; seconds: number }
  | { do: 'rotate'; issuer: 0 | 1 }
  | { do: 'replace'; issuer: 0 | 1 };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('show' as const),
      token: aToken,
      app: anApp,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('mint' as const),
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
class World {
  readonly clock = new TestClock();
  readonly tokens: Minted[] = [];
  private readonly apps: ReadonlyMap<string, Twins>;

  private constructor(readonly issuers: readonly [TestIssuer, TestIssuer]) {
    this.apps = new Map(AUDIENCES.map((audience) => [audience, new Twins(this.options(audience))]));
  }

  static async begin(): Promise<World> {
    const world = new World(await Promise.all([TestIssuer.start(), TestIssuer.start()]));
    for (const issuer of ISSUERS) {
      for (const audience of AUDIENCES) world.mint(issuer, issuer, { audience, lifetime: 600 });
    }
    return world;
  }

  async end(): Promise<void> {
    await Promise.all(this.issuers.map((issuer) => issuer.close()));
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'mint':
        return this.mint(step.issuer, step.signer, step);
      case 'forge':
        return this.forge(this.token(step.token), this.issuers[step.signer].signingKey);
      case 'advance':
        return this.clock.advance({ seconds: step.seconds });
      case 'rotate':
        return void this.issuers[step.issuer].rotate();
      case 'replace':
        return this.replaceKeys(this.issuers[step.issuer]);
      case 'show':
        for (let i = 0; i < step.times; i++) await this.show(this.token(step.token), step.app);
    }
  }

  private options(audience: string): GuardsOptions {
    const [one, other] = this.issuers.map(({ issuer, jwksUri }) => {
      return { issuer, jwksUri, algorithms: ['ES256'] as const };
    });
    if (!one || !other) throw new Error('Two issuers');
    return { audience, issuers: [one, other], clockToleranceSeconds: 0, now: this.clock.now };
  }

  private mint(
    named: 0 | 1,
    signer: 0 | 1,
    { audience, lifetime }: { audience: string; lifetime: number },
  ): void {
    const { issuer, signingKey } = this.issuers[named];
    const { signingKey: signedBy } = this.issuers[signer];
    const iat = Math.floor(this.clock.now() / 1000);
    const exp = iat + lifetime;
    const text = this.issuers[named].accessToken({ aud: audience, iat, exp }, { signedBy });
    const genuine = named === signer;
    const expiresAt = exp * 1000;
    this.tokens.push({ text, kid: signingKey.kid, issuer, audience, expiresAt, genuine });
  }

  /** The same header and claims under another signature. */
  private forge(token: Minted, signedBy: SigningKey): void {
    const input = token.text.slice(0, token.text.lastIndexOf('.'));
    const text = `${input}.${signature(input, signedBy)}`;
    this.tokens.push({ ...token, text, genuine: signedBy.kid === token.kid });
  }

  private token(fromNewest: number): Minted {
    const token = this.tokens.at(-1 - (fromNewest % this.tokens.length));
    if (!token) throw new Error('Nobody minted one');
    return token;
  }

  /** A new key signs, and every old one is published no longer. */
  private replaceKeys(issuer: TestIssuer): void {
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
  }

  private async show(token: Minted, app: string): Promise<void> {
    const twins = this.apps.get(app);
    if (!twins) throw new Error('No such application');
    const [remembering, forgetful] = await twins.verdicts(token.text);

    expect(remembering).toEqual(forgetful);
    if (typeof remembering === 'string') return;
    expect(token.genuine).toBe(true);
    expect(app).toBe(token.audience);
    expect(this.clock.now()).toBeLessThan(token.expiresAt);
    expect(remembering).toMatchObject({ issuer: token.issuer, audience: token.audience });
  }
}

describe('remembering a token changes no verdict', () => {
  it('whatever tokens are shown, to whom, and whatever happens to clock and keys meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = await World.begin();
        try {
          for (const step of steps) await world.take(step);
        } finally {
          await world.end();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a token that is remembered goes with its key, once the set has been fetched again', async () => {
    const world = await World.begin();
    const [issuer] = world.issuers;
    const options = { ...issuer.options, now: world.clock.now };
    const twins = new Twins({ ...options, tokenCache: { maxTokens: 10 } });
    const token = issuer.accessToken({ exp: world.clock.now() / 1000 + 3600 });
    for (let i = 0; i < 3; i++) {
      expect(await twins.verdicts(token)).toMatchObject([{ subject: 'alice' }, {}]);
    }

    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
    world.clock.advance({ seconds: 601 });

    expect(await twins.verdicts(token)).toEqual(['unknown_key', 'unknown_key']);
    await world.end();
  });
});
