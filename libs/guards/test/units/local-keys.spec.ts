import { TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { aStrategy, verifyOrError } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

describe('a key set at hand', () => {
  it('verifies without asking anybody, and a key that leaves it is refused a second later', async () => {
    let keys: readonly object[] = [issuer.signingKey.publicJwk];
    const strategy = aStrategy({ ...issuer.options, now: clock.now, keys: () => ({ keys }) });
    const token = issuer.accessToken();
    for (let sight = 0; sight < 3; sight += 1) {
      expect(await verifyOrError(strategy, token)).toHaveProperty('subject', 'alice');
    }
    keys = [issuer.rotate().publicJwk];
    clock.advance({ seconds: 1 });

    expect(await verifyOrError(strategy, token)).toHaveProperty('reason', 'unknown_key');
    expect(await verifyOrError(strategy, issuer.accessToken())).toHaveProperty('subject', 'alice');
    expect(issuer.fetches).toBe(0);
  });

  it('that is empty is an outage and not a bad token', async () => {
    const strategy = aStrategy({ ...issuer.options, keys: () => ({ keys: [] }) });

    expect(await verifyOrError(strategy, issuer.accessToken())).toHaveProperty(
      'reason',
      'keys_unavailable',
    );
  });
});
