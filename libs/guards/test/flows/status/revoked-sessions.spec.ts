import { deflateSync } from 'node:zlib';
import type { GuardsOptions } from '../../../src/index.js';
import { generateSigningKey, type TestIssuerOptions } from '../../../testing/index.js';
import { StatusScenario } from '../../support/status-scenario.js';
import { waitUntil } from '../../support/wait-until.js';

let scenarios: StatusScenario[] = [];
afterEach(async () => {
  await Promise.all(scenarios.map((scenario) => scenario.close()));
  scenarios = [];
});

async function startScenario(options?: Partial<GuardsOptions>, issuer?: TestIssuerOptions) {
  const scenario = await StatusScenario.start(options, issuer);
  scenarios.push(scenario);
  return scenario;
}

/** Starts a scenario whose list has been fetched once. */
async function startWithList(options?: Partial<GuardsOptions>) {
  const scenario = await startScenario(options);
  const token = scenario.token();
  expect(await scenario.settledVerdict(token)).toBe('accepted');
  expect(scenario.issuer.statusList.fetches).toBe(1);
  return { scenario, token };
}

describe('revoked token (Token Status List §8.3)', () => {
  it('refuses a revoked token within `maxAgeSeconds`, cached or not', async () => {
    const { scenario, token } = await startWithList();
    const [cached, other] = [token, scenario.token()];
    for (let use = 0; use < 3; use += 1) {
      expect(await scenario.verdict(cached)).toBe('accepted');
    }
    const unseen = scenario.token();
    scenario.issuer.revoke(cached);
    scenario.issuer.revoke(unseen);

    scenario.clock.advance({ seconds: 5 });
    expect(await scenario.settledVerdict(other)).toBe('accepted');
    expect(await scenario.verdict(cached)).toBe('revoked');
    expect(await scenario.verdict(unseen)).toBe('revoked');
    expect(scenario.issuer.statusList.fetches).toBe(2);
  });

  it('delays no request, because no request waits for a list, not even for the first one', async () => {
    const scenario = await startScenario({ statusLists: { timeoutMs: 30_000 } });
    scenario.issuer.statusList.stall();
    const token = scenario.token();

    expect(await scenario.verdict(token)).toBe('accepted');
    scenario.clock.advance({ seconds: 9 });
    expect(await scenario.verdict(token)).toBe('accepted');
    expect(scenario.issuer.statusList.fetches).toBeLessThanOrEqual(1);
  });

  it('refuses a revoked token while the issuer is down', async () => {
    const { scenario, token } = await startWithList();
    scenario.issuer.revoke(token);
    scenario.clock.advance({ seconds: 5 });
    expect(await scenario.settledVerdict(token)).toBe('revoked');
    scenario.issuer.statusList.fail();
    scenario.clock.advance({ seconds: 299 });
    expect(await scenario.settledVerdict(token)).toBe('revoked');
  });

  it('accepts a token with any status if `ignoresTokenStatus` is set', async () => {
    const scenario = await startScenario({ ignoresTokenStatus: true });
    const token = scenario.token({ status: 'anything' });

    expect(await scenario.settledVerdict(token)).toBe('accepted');
    expect(scenario.issuer.statusList.fetches).toBe(0);
  });

  it.each([
    [2, 0b0100],
    [4, 0b0001_0000],
    [8, 0b0000_0010],
  ])(
    'refuses every status but VALID in a list of %i bits (Token Status List §7.1)',
    async (bits, byte) => {
      const scenario = await startScenario();
      // The entry with index 1: the second entry of one byte, or the second byte.
      const bytes = bits === 8 ? [0, byte] : [byte];
      const lst = deflateSync(Buffer.from(bytes)).toString('base64url');
      scenario.issuer.statusList.changes = { status_list: { bits, lst } };
      const tokenAt = (idx: number) =>
        scenario.token({ status: { status_list: { idx, uri: scenario.issuer.statusList.uri } } });

      expect(await scenario.settledVerdict(tokenAt(0))).toBe('accepted');
      expect(await scenario.verdict(tokenAt(1))).toBe('revoked');
    },
  );
});

describe('unavailable list', () => {
  it('uses an old list for `maxStaleSeconds`, then reports status_unavailable', async () => {
    const { scenario, token } = await startWithList();
    scenario.issuer.statusList.fail();
    for (let seconds = 0; seconds < 299; seconds += 13) {
      expect([seconds, await scenario.settledVerdict(token)]).toEqual([seconds, 'accepted']);
      scenario.clock.advance({ seconds: 13 });
    }
    scenario.clock.advance({ seconds: 1 });
    expect(await scenario.settledVerdict(token)).toBe('status_unavailable');

    scenario.issuer.statusList.up();
    scenario.clock.advance({ seconds: 10 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
  });

  it('accepts tokens without any list for `maxAgeSeconds` after the first one', async () => {
    const scenario = await startScenario();
    scenario.issuer.statusList.fail();
    const token = scenario.token();

    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.clock.advance({ seconds: 9.9 });
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    scenario.clock.advance({ seconds: 0.1 });
    expect(await scenario.settledVerdict(token)).toBe('status_unavailable');
  });

  it('accepts tokens without a list by `whenUnavailable`, except for tokens known to be revoked', async () => {
    const { scenario, token } = await startWithList({ statusLists: { whenUnavailable: 'accept' } });
    const revoked = scenario.token();
    scenario.issuer.revoke(revoked);
    scenario.clock.advance({ seconds: 5 });
    expect(await scenario.settledVerdict(revoked)).toBe('revoked');
    scenario.issuer.statusList.fail();
    scenario.clock.advance({ seconds: 1000 });

    expect(await scenario.settledVerdict(token)).toBe('accepted');
    expect(await scenario.settledVerdict(revoked)).toBe('revoked');
  });

  it('fetches an unavailable list at growing intervals, once at a time', async () => {
    const scenario = await startScenario();
    scenario.issuer.statusList.fail();
    const tokens = Array.from({ length: 50 }, () => scenario.token());
    for (let second = 0; second < 120; second += 1) {
      await Promise.all(tokens.map((token) => scenario.verdict(token)));
      await scenario.settled();
      scenario.clock.advance({ seconds: 1 });
    }
    expect(scenario.issuer.statusList.fetches).toBeGreaterThan(10);
    expect(scenario.issuer.statusList.fetches).toBeLessThan(30);
  });
});

describe('requests to the issuer', () => {
  it('fetches one list for all tokens and receives 304 if it is unchanged (RFC 9110 §13.1.2)', async () => {
    const { scenario, token } = await startWithList();
    const answers: number[] = [];
    scenario.issuer.statusList.answer((request, response) => {
      scenario.issuer.statusList.up();
      response.on('finish', () => answers.push(response.statusCode));
      scenario.issuer.statusList.handle(request, response);
    });
    scenario.clock.advance({ seconds: 5 });
    await Promise.all(Array.from({ length: 100 }, () => scenario.verdict(scenario.token())));
    await scenario.settledVerdict(token);

    expect(answers).toEqual([304]);
  });

  it('fetches at the start the lists that the issuer names (Token Status List §9)', async () => {
    const scenario = await startScenario();
    const revoked = scenario.token();
    scenario.issuer.revoke(revoked);

    await scenario.issuers.ready();
    expect(await scenario.verdict(revoked)).toBe('revoked');
  });

  it('refuses a token whose list is on a foreign host, and fetches nothing', async () => {
    const scenario = await startScenario();
    const foreign = await startScenario();
    const { uri } = foreign.issuer.statusList;

    expect(
      await scenario.settledVerdict(scenario.token({ status: { status_list: { idx: 0, uri } } })),
    ).toBe('malformed_claims');
    expect(foreign.issuer.statusList.fetches).toBe(0);
  });

  it('fetches lists from `statusListsOrigin` instead of the host in the token', async () => {
    const inside = await startScenario();
    const issuer = 'https://auth.example';
    const { jwksUri } = inside.issuer;
    const outside = await startScenario({
      issuer,
      jwksUri,
      statusListsOrigin: inside.issuer.issuer,
      ...inside.clock.options,
    });
    const uri = inside.issuer.statusList.uri.replace(inside.issuer.issuer, issuer);
    inside.issuer.statusList.changes = { sub: uri, iss: issuer };
    const { status_list: entry } = inside.issuer.statusList.allot();
    const status = { status_list: { idx: entry.idx, uri } };
    const token = inside.token({ iss: issuer, status });
    inside.issuer.statusList.revoke(entry.idx);

    expect(await outside.settledVerdict(token)).toBe('revoked');
  });

  it('keeps at most 64 lists of an issuer and gives an evicted list no second grace time', async () => {
    const scenario = await startScenario();
    scenario.issuer.statusList.fail();
    const { uri } = scenario.issuer.statusList;
    const first = scenario.token();
    expect(await scenario.verdict(first)).toBe('accepted');
    for (let i = 0; i < 64; i += 1) {
      scenario.clock.advance({ seconds: 0.001 });
      const status = { status_list: { idx: 0, uri: `${uri}?${i}` } };
      await scenario.verdict(scenario.token({ status }));
    }
    await scenario.settled();
    expect(await scenario.verdict(first)).toBe('status_unavailable');
  });
});

describe('key set and status lists', () => {
  it('fetches the key set when a list has another key, so a withdrawn key ends within one list', async () => {
    const scenario = await startScenario();
    const { issuer } = scenario;
    const lost = issuer.signingKey;
    const spare = generateSigningKey('ES256');
    // The guard knows both keys when the list changes from one to the other.
    issuer.removeKey(lost.kid);
    issuer.rotate(spare);
    issuer.rotate(lost);
    const tokens = [scenario.token(), scenario.token()] as const;
    for (const token of tokens) expect(await scenario.settledVerdict(token)).toBe('accepted');
    expect(issuer.fetches).toBe(1);

    issuer.removeKey(lost.kid);
    scenario.clock.advance({ seconds: 10 });
    await scenario.settledVerdict(scenario.token());
    await waitUntil(async () => (await scenario.verdict(tokens[0])) === 'unknown_key');
    for (const token of tokens) expect(await scenario.verdict(token)).toBe('unknown_key');
    expect(await scenario.verdict(scenario.token())).toBe('accepted');
  });

  it('fetches the key set when it is due, without waiting for a request', async () => {
    const scenario = await startScenario();
    await scenario.issuers.ready();
    expect(scenario.issuer.fetches).toBe(1);
    scenario.clock.advance({ seconds: 230 });
    await scenario.issuers.verifier.issuers.only?.statusLists?.ready();
    await waitUntil(() => scenario.issuer.fetches === 2);
  });
});

describe('index beyond the end of the list', () => {
  it('refuses an index beyond the end of the list, unless the token is newer (Token Status List §8.3)', async () => {
    const scenario = await startScenario();
    const now = Math.floor(scenario.clock.now() / 1000);
    const status = { status_list: { idx: 1024, uri: scenario.issuer.statusList.uri } };
    const old = scenario.token({ iat: now - 60, status });
    expect(await scenario.settledVerdict(old)).toBe('malformed_claims');

    const next = scenario.token({ status });
    expect(await scenario.verdict(next)).toBe('accepted');
    scenario.clock.advance({ seconds: 6 });
    expect(await scenario.settledVerdict(next)).toBe('malformed_claims');
  });
});
