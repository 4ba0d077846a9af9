import {
  RequestAuthenticator,
  BearerError,
  type GuardsOptions,
  TrustedIssuers,
} from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { TestIssuer, type TestIssuerOptions } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { verifyOrError } from './factories.js';

/** An issuer with a status list, an authenticator that follows the list, and a test clock. */
export class StatusScenario {
  private constructor(
    readonly clock: TestClock,
    readonly issuer: TestIssuer,
    readonly issuers: TrustedIssuers,
    readonly authenticator: RequestAuthenticator,
  ) {}

  static async start(
    options: Partial<GuardsOptions> = {},
    issuerOptions: TestIssuerOptions = {},
  ): Promise<StatusScenario> {
    const clock = new TestClock();
    const issuer = await TestIssuer.start({
      now: clock.now,
      hasStatusList: true,
      ...issuerOptions,
    });
    const resolved = resolveOptions(
      Object.assign({ ...issuer.options, ...clock.options }, options),
    );
    const issuers = new TrustedIssuers(resolved);
    return new StatusScenario(clock, issuer, issuers, new RequestAuthenticator(resolved, issuers));
  }

  /** Makes a token that is valid for an hour, so that only its status can end it. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    return this.issuer.accessToken({ exp: Math.floor(this.clock.now() / 1000) + 3600, ...claims });
  }

  /** Returns `accepted` or the reason of the refusal. Does not wait for background fetches. */
  async verdict(token: string): Promise<string> {
    const verdict = await verifyOrError(this.authenticator, token);
    return verdict instanceof BearerError ? verdict.reason : 'accepted';
  }

  /** Returns the verdict after all background fetches have ended. */
  async settledVerdict(token: string): Promise<string> {
    await this.verdict(token);
    await this.settled();
    return this.verdict(token);
  }

  async settled(): Promise<void> {
    await this.issuers.verifier.issuers.only?.statusLists?.settled();
  }

  async close(): Promise<void> {
    this.issuers.onModuleDestroy();
    await this.issuer.close();
  }
}
