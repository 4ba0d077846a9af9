import { TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

describe('option `keys`', () => {
  it('verifies without a request, and refuses a removed key a second later', async () => {
    let keys: readonly object[] = [issuer.signingKey.publicJwk];
    const authenticator = anAuthenticator({
      ...issuer.options,
      ...clock.options,
      keys: () => ({ keys }),
    });
    const token = issuer.accessToken();
    for (let use = 0; use < 3; use += 1) {
      expect(await verifyOrError(authenticator, token)).toHaveProperty('subject', 'alice');
    }
    keys = [issuer.rotate().publicJwk];
    clock.advance({ seconds: 1 });

    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'unknown_key');
    expect(await verifyOrError(authenticator, issuer.accessToken())).toHaveProperty(
      'subject',
      'alice',
    );
    expect(issuer.fetches).toBe(0);
  });

  it('reports an empty set as keys_unavailable', async () => {
    const authenticator = anAuthenticator({ ...issuer.options, keys: () => ({ keys: [] }) });

    expect(await verifyOrError(authenticator, issuer.accessToken())).toHaveProperty(
      'reason',
      'keys_unavailable',
    );
  });
});
