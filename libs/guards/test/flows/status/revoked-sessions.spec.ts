import { deflateSync } from 'node:zlib';
import type { GuardsOptions } from '../../../src/index.js';
import { generateSigningKey, type TestIssuerOptions } from '../../../testing/index.js';
import { StatusScenario } from '../../support/status-scenario.js';
import { waitUntil } from '../../support/wait-until.js';

let all: StatusScenario[] = [];
afterEach(async () => {
  await Promise.all(all.map((it) => it.close()));
  all = [];
});

async function watching(options?: Partial<GuardsOptions>, issuer?: TestIssuerOptions) {
  const begun = await StatusScenario.start(options, issuer);
  all.push(begun);
  return begun;
}

/** Its list has been fetched. */
async function warm(options?: Partial<GuardsOptions>) {
  const it = await watching(options);
  const token = it.token();
  expect(await it.settledVerdict(token)).toBe('accepted');
  expect(it.issuer.statusList.fetches).toBe(1);
  return { it, token };
}

describe('a token whose session has ended (Token Status List §8.3)', () => {
  it('is refused within maxAgeSeconds, remembered or new', async () => {
    const { it, token } = await warm();
    const [remembered, other] = [token, it.token()];
    for (let sight = 0; sight < 3; sight += 1) {
      expect(await it.verdict(remembered)).toBe('accepted');
    }
    const unseen = it.token();
    it.issuer.revoke(remembered);
    it.issuer.revoke(unseen);

    it.clock.advance({ seconds: 5 });
    expect(await it.settledVerdict(other)).toBe('accepted');
    expect(await it.verdict(remembered)).toBe('revoked');
    expect(await it.verdict(unseen)).toBe('revoked');
    expect(it.issuer.statusList.fetches).toBe(2);
  });

  it('costs nobody else a wait: no request waits for a list, not even for the first one', async () => {
    const it = await watching({ statusLists: { timeoutMs: 30_000 } });
    it.issuer.statusList.stall();
    const token = it.token();

    expect(await it.verdict(token)).toBe('accepted');
    it.clock.advance({ seconds: 9 });
    expect(await it.verdict(token)).toBe('accepted');
    expect(it.issuer.statusList.fetches).toBeLessThanOrEqual(1);
  });

  it('stays refused while the issuer is down', async () => {
    const { it, token } = await warm();
    it.issuer.revoke(token);
    it.clock.advance({ seconds: 5 });
    expect(await it.settledVerdict(token)).toBe('revoked');
    it.issuer.statusList.fail();
    it.clock.advance({ seconds: 299 });
    expect(await it.settledVerdict(token)).toBe('revoked');
  });

  it('is taken where the issuer ignores what it says of its status', async () => {
    const it = await watching({ ignoresTokenStatus: true });
    const token = it.token({ status: 'anything' });

    expect(await it.settledVerdict(token)).toBe('accepted');
    expect(it.issuer.statusList.fetches).toBe(0);
  });

  it.each([
    [2, 0b0100],
    [4, 0b0001_0000],
    [8, 0b0000_0010],
  ])('is one with any status but VALID in a list of %i bits (§7.1)', async (bits, byte) => {
    const it = await watching();
    // eJw… is what the list is made of in §4.1; here the second place of one byte, or the second byte.
    const bytes = bits === 8 ? [0, byte] : [byte];
    const lst = deflateSync(Buffer.from(bytes)).toString('base64url');
    it.issuer.statusList.changes = { status_list: { bits, lst } };
    const at = (idx: number) =>
      it.token({ status: { status_list: { idx, uri: it.issuer.statusList.uri } } });

    expect(await it.settledVerdict(at(0))).toBe('accepted');
    expect(await it.verdict(at(1))).toBe('revoked');
  });
});

describe('a list that cannot be had', () => {
  it('is used for maxStaleSeconds, and then its tokens are 503', async () => {
    const { it, token } = await warm();
    it.issuer.statusList.fail();
    for (let seconds = 0; seconds < 299; seconds += 13) {
      expect([seconds, await it.settledVerdict(token)]).toEqual([seconds, 'accepted']);
      it.clock.advance({ seconds: 13 });
    }
    it.clock.advance({ seconds: 1 });
    expect(await it.settledVerdict(token)).toBe('status_unavailable');

    it.issuer.statusList.up();
    it.clock.advance({ seconds: 10 });
    expect(await it.settledVerdict(token)).toBe('accepted');
  });

  it('was never had: its tokens pass for maxAgeSeconds after the first of them, and no longer', async () => {
    const it = await watching();
    it.issuer.statusList.fail();
    const token = it.token();

    expect(await it.settledVerdict(token)).toBe('accepted');
    it.clock.advance({ seconds: 9.9 });
    expect(await it.settledVerdict(token)).toBe('accepted');
    it.clock.advance({ seconds: 0.1 });
    expect(await it.settledVerdict(token)).toBe('status_unavailable');
  });

  it("takes the tokens' word after that by an option, but not of those known to have ended", async () => {
    const { it, token } = await warm({ statusLists: { whenUnavailable: 'accept' } });
    const ended = it.token();
    it.issuer.revoke(ended);
    it.clock.advance({ seconds: 5 });
    expect(await it.settledVerdict(ended)).toBe('revoked');
    it.issuer.statusList.fail();
    it.clock.advance({ seconds: 1000 });

    expect(await it.settledVerdict(token)).toBe('accepted');
    expect(await it.settledVerdict(ended)).toBe('revoked');
  });

  it('is asked for less and less often, and by one fetch at a time', async () => {
    const it = await watching();
    it.issuer.statusList.fail();
    const tokens = Array.from({ length: 50 }, () => it.token());
    for (let second = 0; second < 120; second += 1) {
      await Promise.all(tokens.map((token) => it.verdict(token)));
      await it.settled();
      it.clock.advance({ seconds: 1 });
    }
    expect(it.issuer.statusList.fetches).toBeGreaterThan(10);
    expect(it.issuer.statusList.fetches).toBeLessThan(30);
  });
});

describe('what is asked of the issuer', () => {
  it('is one list for all of its tokens, and nothing new is not sent again (RFC 9110 §13.1.2)', async () => {
    const { it, token } = await warm();
    const answers: number[] = [];
    it.issuer.statusList.answer((request, response) => {
      it.issuer.statusList.up();
      response.on('finish', () => answers.push(response.statusCode));
      it.issuer.statusList.handle(request, response);
    });
    it.clock.advance({ seconds: 5 });
    await Promise.all(Array.from({ length: 100 }, () => it.verdict(it.token())));
    await it.settledVerdict(token);

    expect(answers).toEqual([304]);
  });

  it('is the lists that it names, when the service begins (§9)', async () => {
    const it = await watching();
    const ended = it.token();
    it.issuer.revoke(ended);

    await it.issuers.ready();
    expect(await it.verdict(ended)).toBe('revoked');
  });

  it('is nothing where the address is not of the issuer, and the token is refused', async () => {
    const it = await watching();
    const elsewhere = await watching();
    const { uri } = elsewhere.issuer.statusList;

    expect(await it.settledVerdict(it.token({ status: { status_list: { idx: 0, uri } } }))).toBe(
      'malformed_claims',
    );
    expect(elsewhere.issuer.statusList.fetches).toBe(0);
  });

  it('goes where keys come from, if the address in the token is for others (statusListsOrigin)', async () => {
    const within = await watching();
    const issuer = 'https://auth.example';
    const { jwksUri } = within.issuer;
    const outside = await watching({
      issuer,
      jwksUri,
      statusListsOrigin: within.issuer.issuer,
      now: within.clock.now,
    });
    const uri = within.issuer.statusList.uri.replace(within.issuer.issuer, issuer);
    within.issuer.statusList.changes = { sub: uri, iss: issuer };
    const { status_list: place } = within.issuer.statusList.allot();
    const status = { status_list: { idx: place.idx, uri } };
    const token = within.token({ iss: issuer, status });
    within.issuer.statusList.revoke(place.idx);

    expect(await outside.settledVerdict(token)).toBe('revoked');
  });

  it('is bounded: 64 lists of an issuer, and one that was pushed out does not begin anew as trusted', async () => {
    const it = await watching();
    it.issuer.statusList.fail();
    const { uri } = it.issuer.statusList;
    const first = it.token();
    expect(await it.verdict(first)).toBe('accepted');
    for (let i = 0; i < 64; i += 1) {
      it.clock.advance({ seconds: 0.001 });
      const status = { status_list: { idx: 0, uri: `${uri}?${i}` } };
      await it.verdict(it.token({ status }));
    }
    await it.settled();
    expect(await it.verdict(first)).toBe('status_unavailable');
  });
});

describe('news about keys', () => {
  it('a list under another key makes the key set be fetched: a revoked key is refused within one list, not one key set', async () => {
    const it = await watching();
    const { issuer } = it;
    const lost = issuer.signingKey;
    const spare = generateSigningKey('ES256');
    // Both are known when the list changes from one to the other.
    issuer.removeKey(lost.kid);
    issuer.rotate(spare);
    issuer.rotate(lost);
    const tokens = [it.token(), it.token()] as const;
    for (const token of tokens) expect(await it.settledVerdict(token)).toBe('accepted');
    expect(issuer.fetches).toBe(1);

    issuer.removeKey(lost.kid);
    it.clock.advance({ seconds: 10 });
    await it.settledVerdict(it.token());
    await waitUntil(async () => (await it.verdict(tokens[0])) === 'unknown_key');
    for (const token of tokens) expect(await it.verdict(token)).toBe('unknown_key');
    expect(await it.verdict(it.token())).toBe('accepted');
  });

  it('while lists are watched the key set is fetched when due, not by the next request', async () => {
    const it = await watching();
    await it.issuers.ready();
    expect(it.issuer.fetches).toBe(1);
    it.clock.advance({ seconds: 230 });
    await it.issuers.only?.statusLists.ready();
    await waitUntil(() => it.issuer.fetches === 2);
  });
});

describe('a place beyond the end of the list', () => {
  it('is none (§8.3), unless the token is younger than the list', async () => {
    const it = await watching();
    const now = Math.floor(it.clock.now() / 1000);
    const status = { status_list: { idx: 1024, uri: it.issuer.statusList.uri } };
    const old = it.token({ iat: now - 60, status });
    expect(await it.settledVerdict(old)).toBe('malformed_claims');

    const young = it.token({ status });
    expect(await it.verdict(young)).toBe('accepted');
    it.clock.advance({ seconds: 6 });
    expect(await it.settledVerdict(young)).toBe('malformed_claims');
  });
});
