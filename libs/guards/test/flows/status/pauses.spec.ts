import { setImmediate as nextTurn } from 'node:timers/promises';
import { type GuardsOptions, KeysUnavailable, StatusUnavailable } from '../../../src/index.js';
import { verifyOrError } from '../../support/factories.js';
import { StatusScenario } from '../../support/status-scenario.js';

let scenario: StatusScenario;
let token: string;

afterEach(() => scenario.close());

/** Starts a scenario whose key set and list have been fetched, and whose token is accepted. */
async function start(options?: Partial<GuardsOptions>): Promise<void> {
  scenario = await StatusScenario.start(options);
  token = scenario.token();
  expect(await scenario.settledVerdict(token)).toBe('accepted');
}

const pause = () => scenario.clock.advance({ seconds: 310 });

describe('pause of the process for longer than keys and status lists are valid', () => {
  it('delays the first requests until one fetch has ended, and accepts them', async () => {
    await start();
    pause();
    const tokens = Array.from({ length: 50 }, () => scenario.token());
    const verdicts = await Promise.all([token, ...tokens].map((one) => scenario.verdict(one)));

    expect(new Set(verdicts)).toEqual(new Set(['accepted']));
    expect(scenario.issuer.statusList.fetches).toBe(2);
    expect(scenario.issuer.fetches).toBe(2);
  });

  it('refuses a token that was revoked meanwhile', async () => {
    await start();
    scenario.issuer.revoke(token);
    pause();
    expect(await scenario.verdict(token)).toBe('revoked');
  });

  it('forgets failures from before the pause', async () => {
    await start();
    scenario.issuer.statusList.fail();
    scenario.clock.advance({ seconds: 6 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.issuer.statusList.up();
    pause();
    expect(await scenario.verdict(token)).toBe('accepted');
  });

  it('closes no connection, unless the list cannot be fetched afterwards', async () => {
    await start();
    const verified = await scenario.authenticator.verifyToken(token);
    pause();
    expect(scenario.authenticator.remainingMs(verified)).toBe(1000);
    await scenario.settled();
    expect(scenario.authenticator.remainingMs(verified)).toBe(1000);

    scenario.issuer.statusList.fail();
    pause();
    expect(scenario.authenticator.remainingMs(verified)).toBe(1000);
    await scenario.settled();
    expect(scenario.authenticator.remainingMs(verified)).toBe(0);
  });

  it('delays the readiness probe until the fetch has ended', async () => {
    await start();
    pause();
    await expect(scenario.issuers.ready()).resolves.toBeUndefined();
  });
});

describe('outage after a pause', () => {
  it('refuses the first requests when the fetch fails', async () => {
    await start();
    scenario.issuer.statusList.fail();
    pause();
    expect(await scenario.verdict(token)).toBe('status_unavailable');
    await expect(scenario.issuers.ready()).rejects.toBeInstanceOf(StatusUnavailable);
  });

  it('refuses further requests at once, while the next fetch stalls', async () => {
    await start({ statusLists: { timeoutMs: 400 } });
    scenario.issuer.statusList.stall();
    pause();
    expect(await scenario.verdict(token)).toBe('status_unavailable');
    scenario.clock.advance({ seconds: 1 });
    await nextTurn();
    const verdict = scenario.verdict(token);
    const fetchEnd = scenario.settled().then(() => 'the fetch has ended');

    expect(await Promise.race([verdict, fetchEnd])).toBe('status_unavailable');
    await fetchEnd;
  });
});

describe('Retry-After during an outage (RFC 9110 §10.2.3)', () => {
  it('sends Retry-After in whole seconds while the fetch of the status list is under way', async () => {
    await start({ statusLists: { timeoutMs: 400 } });
    scenario.issuer.statusList.stall();
    pause();
    await scenario.verdict(token);
    for (let request = 0; request < 20; request += 1) {
      scenario.clock.advance({ seconds: 0.2 });
      const refusal = await verifyOrError(scenario.authenticator, token);
      expect(refusal).toBeInstanceOf(StatusUnavailable);
      expect(refusal).toHaveProperty('headers.Retry-After', expect.stringMatching(/^[1-9]\d?$/));
    }
    await scenario.settled();
  });

  it('sends Retry-After in whole seconds while the fetch of the key set stalls', async () => {
    await start({ keySet: { timeoutMs: 300, maxStaleSeconds: 0 } });
    scenario.issuer.stall();
    scenario.clock.advance({ seconds: 1000 });
    const refusal = await verifyOrError(scenario.authenticator, token);
    expect(refusal).toBeInstanceOf(KeysUnavailable);
    expect(refusal).toHaveProperty('headers.Retry-After', expect.stringMatching(/^[1-9]\d?$/));
  });
});
