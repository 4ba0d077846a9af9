import { RequestAuthenticator, TrustedIssuers } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';
import { TestIssuer } from '../../testing/index.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';
import { StatusScenario } from '../support/status-scenario.js';
import { TestClock } from '../support/test-clock.js';

const HOUR = 3600;

let clock: TestClock;
let issuer: TestIssuer;

beforeEach(async () => {
  clock = new TestClock();
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(() => issuer.close());

/** Tokens that are valid at both of the times that the machine's clock shows. */
const lasting = () => issuer.accessToken({ iat: clock.now() / 1000 - 2 * HOUR, exp: 1e10 });

it('reports the ages of key set and status list by the monotonic clock, and none before the first fetch', async () => {
  const scenario = await StatusScenario.start();
  const { issuers } = scenario;
  const ages = () => [issuers.keySetAgeSeconds, issuers.statusListAgeSeconds];
  expect(ages()).toEqual([undefined, undefined]);
  await scenario.settledVerdict(scenario.token());
  scenario.clock.correct({ seconds: HOUR });
  scenario.clock.advance({ seconds: 3 });
  expect(ages()).toEqual([expect.closeTo(3, 0), expect.closeTo(3, 0)]);
  await scenario.close();
});

describe.each([
  ['forward', HOUR],
  ['back', -HOUR],
])("correction of the machine's clock by an hour, %s", (_direction, seconds) => {
  it('fetches a rotated key after one cooldown', async () => {
    const authenticator = anAuthenticator({ ...issuer.options, ...clock.options });
    await authenticator.verifyToken(lasting());
    clock.correct({ seconds });
    issuer.rotate();
    clock.advance({ seconds: 10 });

    expect(await verifyOrError(authenticator, lasting())).toHaveProperty('subject', 'alice');
    expect(issuer.fetches).toBe(2);
  });

  it('trusts a withdrawn key no longer than the key set is valid', async () => {
    const authenticator = anAuthenticator({ ...issuer.options, ...clock.options });
    const token = lasting();
    await authenticator.verifyToken(token);
    await authenticator.verifyToken(token);
    const { kid } = issuer.signingKey;
    issuer.rotate();
    issuer.removeKey(kid);
    clock.correct({ seconds });

    clock.advance({ seconds: 299 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('subject', 'alice');
    clock.advance({ seconds: 2 });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'unknown_key');
  });

  it('repeats a failed key fetch after its pause', async () => {
    const authenticator = anAuthenticator({ ...issuer.options, ...clock.options });
    issuer.fail();
    expect(await verifyOrError(authenticator, lasting())).toHaveProperty(
      'reason',
      'keys_unavailable',
    );
    clock.correct({ seconds });
    issuer.up();
    clock.advance({ seconds: 2 });

    expect(await verifyOrError(authenticator, lasting())).toHaveProperty('subject', 'alice');
  });

  it('refuses a revoked token within `maxAgeSeconds`', async () => {
    const scenario = await StatusScenario.start();
    const now = scenario.clock.now() / 1000;
    const token = scenario.token({ iat: now - 2 * HOUR, exp: 1e10 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.issuer.revoke(token);
    scenario.issuer.statusList.changes = { iat: now, exp: 1e10 };
    scenario.clock.correct({ seconds });
    scenario.clock.advance({ seconds: 10 });

    expect(await scenario.settledVerdict(token)).toBe('revoked');
    await scenario.close();
  });

  it('keeps no status list in use for longer than `maxStaleSeconds`', async () => {
    const scenario = await StatusScenario.start();
    const token = scenario.token({ iat: scenario.clock.now() / 1000 - 2 * HOUR, exp: 1e10 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.issuer.statusList.fail();
    scenario.clock.correct({ seconds });

    scenario.clock.advance({ seconds: 299 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.clock.advance({ seconds: 1 });
    expect(await scenario.settledVerdict(token)).toBe('status_unavailable');
    await scenario.close();
  });
});

describe('process that stands still for longer than its status list is valid', () => {
  it('accepts tokens at once when it goes on', async () => {
    const statusLists = { maxAgeSeconds: 1, maxStaleSeconds: 1 };
    const revocable = await TestIssuer.start({ hasStatusList: true });
    const options = resolveOptions({ ...revocable.options, statusLists });
    const issuers = new TrustedIssuers(options);
    const authenticator = new RequestAuthenticator(options, issuers);
    await issuers.ready();
    const accepted = expect.objectContaining({ subject: 'alice' });
    expect(await verifyOrError(authenticator, revocable.accessToken())).toEqual(accepted);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);

    expect(await verifyOrError(authenticator, revocable.accessToken())).toEqual(accepted);
    issuers.onModuleDestroy();
    await revocable.close();
  });
});
