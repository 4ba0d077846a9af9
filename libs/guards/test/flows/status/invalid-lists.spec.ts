import { deflateSync, gzipSync } from 'node:zlib';
import {
  type Answer,
  compactJws,
  generateSigningKey,
  type TestIssuer,
} from '../../../testing/index.js';
import { faults } from '../../support/key-server-faults.js';
import { StatusScenario } from '../../support/status-scenario.js';
import { waitUntil } from '../../support/wait-until.js';

const TYPE = 'application/statuslist+jwt';
const stranger = generateSigningKey('ES256');

const answering =
  (text: (issuer: TestIssuer) => string, type = TYPE) =>
  (issuer: TestIssuer): Answer =>
  (_request, response) =>
    response.setHeader('content-type', type).end(text(issuer));

interface ListChanges {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: typeof stranger;
}

const emptyList = (bytes = 128) => ({
  bits: 1,
  lst: deflateSync(Buffer.alloc(bytes)).toString('base64url'),
});

/** A good list, but for what is given. */
function list(issuer: TestIssuer, { header = {}, claims = {}, key }: ListChanges = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: issuer.issuer,
    sub: issuer.statusList.uri,
    iat: now,
    exp: now + 600,
    status_list: emptyList(),
    ...claims,
  };
  const joseHeader = { ...issuer.header(), typ: 'statuslist+jwt', ...header };
  return compactJws(joseHeader, payload, key ?? issuer.signingKey);
}

const changed = (changes: ListChanges) => answering((issuer) => list(issuer, changes));
const now = () => Math.floor(Date.now() / 1000);

const lists: readonly [name: string, answer: (issuer: TestIssuer) => Answer][] = [
  ['signed by a stranger', changed({ key: stranger })],
  ['signed by a key that is not published', changed({ header: { kid: 'x' }, key: stranger })],
  ['an access token', changed({ header: { typ: 'at+jwt' } })],
  ['without typ', changed({ header: { typ: undefined } })],
  ['with alg none', changed({ header: { alg: 'none' } })],
  ['with a critical header', changed({ header: { crit: ['b64'], b64: false } })],
  ['of another address', answering((it) => list(it, { claims: { sub: `${it.issuer}/other` } }))],
  ['without sub', changed({ claims: { sub: undefined } })],
  ['of another issuer', changed({ claims: { iss: 'https://other.example' } })],
  ['without iat', changed({ claims: { iat: undefined } })],
  ['from the future', changed({ claims: { iat: now() + 120 } })],
  ['that has expired', changed({ claims: { exp: now() - 120 } })],
  ['with an exp that is no time', changed({ claims: { exp: 'never' } })],
  ['with a ttl of 0', changed({ claims: { ttl: 0 } })],
  ['without a list', changed({ claims: { status_list: undefined } })],
  ['of 3 bits', changed({ claims: { status_list: { ...emptyList(), bits: 3 } } })],
  ['whose lst is no text', changed({ claims: { status_list: { bits: 1, lst: [0] } } })],
  ['that is not deflated', changed({ claims: { status_list: { bits: 1, lst: 'AAAA' } } })],
  [
    'that is gzip, not zlib (RFC 1950)',
    changed({ claims: { status_list: { bits: 1, lst: gzipSync('\0').toString('base64url') } } }),
  ],
  [
    'that ends in the middle',
    changed({ claims: { status_list: { bits: 1, lst: emptyList().lst.slice(0, 8) } } }),
  ],
  [
    'of 2 MB in 2 kB',
    changed({ claims: { status_list: { bits: 1, lst: emptyList(2 ** 21).lst } } }),
  ],
  ['as JSON', answering(list, 'application/json')],
  ['as text', answering(list, 'text/plain')],
  ['with something after it', answering((issuer) => `${list(issuer)}.x`)],
];

it('what they are made of is good otherwise', async () => {
  const it = await StatusScenario.start();
  it.issuer.statusList.answer(changed({})(it.issuer));
  const token = it.token();
  await it.settledVerdict(token);
  it.clock.advance({ seconds: 10 });
  expect(await it.verdict(token)).toBe('accepted');
  await it.close();
});

describe('a list is not used (Token Status List §5.1, §8.3)', () => {
  it.each(lists)('%s', async (_name, answer) => {
    const it = await StatusScenario.start();
    it.issuer.statusList.answer(answer(it.issuer));
    const token = it.token();
    await it.settledVerdict(token);
    it.clock.advance({ seconds: 10 });

    expect(await it.settledVerdict(token)).toBe('status_unavailable');
    await it.close();
  });

  it('unchanged, when the key that signed it is not published any more', async () => {
    const it = await StatusScenario.start();
    const { issuer } = it;
    const token = it.token();
    expect(await it.settledVerdict(token)).toBe('accepted');
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate(stranger);
    issuer.statusList.answer((_request, response) => response.writeHead(304).end());
    // The token under another key brings the news.
    it.clock.advance({ seconds: 10 });
    const young = it.token();
    expect(await it.verdict(young)).toBe('accepted');
    for (let seconds = 0; seconds < 300; seconds += 10) {
      await it.settledVerdict(young);
      it.clock.advance({ seconds: 10 });
    }
    expect(await it.settledVerdict(young)).toBe('status_unavailable');
    await it.close();
  });
});

describe('a list server gone mad', () => {
  it('keeps no request waiting, lets nobody in who was out, and is believed again when it is well', async () => {
    const it = await StatusScenario.start({ statusLists: { timeoutMs: 250 } });
    const [good, ended] = [it.token(), it.token()];
    it.issuer.revoke(ended);
    await waitUntil(async () => (await it.settledVerdict(ended)) === 'revoked');

    for (const [fault, answer] of faults) {
      it.issuer.statusList.answer(answer);
      it.clock.advance({ seconds: 10 });
      expect([fault, await it.verdict(good)]).toEqual([fault, 'accepted']);
      expect([fault, await it.verdict(ended)]).toEqual([fault, 'revoked']);
      await it.settled();
      it.clock.advance({ seconds: 10 });
      expect([fault, await it.settledVerdict(good)]).toEqual([fault, 'accepted']);
      expect([fault, await it.settledVerdict(ended)]).toEqual([fault, 'revoked']);

      it.issuer.statusList.up();
      const next = it.token();
      it.issuer.revoke(next);
      await waitUntil(async () => {
        it.clock.advance({ seconds: 1 });
        return (await it.settledVerdict(next)) === 'revoked';
      });
    }
    await it.close();
  });
});
