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
const foreignKey = generateSigningKey('ES256');

const answerWith =
  (text: (issuer: TestIssuer) => string, type = TYPE) =>
  (issuer: TestIssuer): Answer =>
  (_request, response) =>
    response.setHeader('content-type', type).end(text(issuer));

interface ListChanges {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: typeof foreignKey;
}

const emptyList = (bytes = 128) => ({
  bits: 1,
  lst: deflateSync(Buffer.alloc(bytes)).toString('base64url'),
});

/** Makes a list that is valid except for the given changes. */
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

const changedList = (changes: ListChanges) => answerWith((issuer) => list(issuer, changes));
const now = () => Math.floor(Date.now() / 1000);

const lists: readonly [name: string, answer: (issuer: TestIssuer) => Answer][] = [
  ['signed by a foreign key', changedList({ key: foreignKey })],
  ['signed by an unpublished key', changedList({ header: { kid: 'x' }, key: foreignKey })],
  ['with the type of an access token', changedList({ header: { typ: 'at+jwt' } })],
  ['without typ', changedList({ header: { typ: undefined } })],
  ['with alg none', changedList({ header: { alg: 'none' } })],
  ['with a critical header', changedList({ header: { crit: ['b64'], b64: false } })],
  [
    'for another URI',
    answerWith((issuer) => list(issuer, { claims: { sub: `${issuer.issuer}/other` } })),
  ],
  ['without sub', changedList({ claims: { sub: undefined } })],
  ['of another issuer', changedList({ claims: { iss: 'https://other.example' } })],
  ['without iat', changedList({ claims: { iat: undefined } })],
  ['with an iat that is a word', changedList({ claims: { iat: 'now' } })],
  ['with an exp in the past', changedList({ claims: { exp: now() - 120 } })],
  ['with an exp that is a word', changedList({ claims: { exp: 'never' } })],
  ['with a ttl of 0', changedList({ claims: { ttl: 0 } })],
  ['without status_list', changedList({ claims: { status_list: undefined } })],
  ['with 3 bits per token', changedList({ claims: { status_list: { ...emptyList(), bits: 3 } } })],
  ['whose lst is an array', changedList({ claims: { status_list: { bits: 1, lst: [0] } } })],
  [
    'whose lst is not compressed',
    changedList({ claims: { status_list: { bits: 1, lst: 'AAAA' } } }),
  ],
  [
    'whose lst is gzip instead of zlib (RFC 1950)',
    changedList({
      claims: { status_list: { bits: 1, lst: gzipSync('\0').toString('base64url') } },
    }),
  ],
  [
    'whose lst is truncated',
    changedList({ claims: { status_list: { bits: 1, lst: emptyList().lst.slice(0, 8) } } }),
  ],
  [
    'with 2 MB compressed to 2 kB',
    changedList({ claims: { status_list: { bits: 1, lst: emptyList(2 ** 21).lst } } }),
  ],
  ['with the media type of JSON', answerWith(list, 'application/json')],
  ['with the media type of plain text', answerWith(list, 'text/plain')],
  ['with text after the signature', answerWith((issuer) => `${list(issuer)}.x`)],
];

it('accepts the unchanged list, of which the invalid ones are made', async () => {
  const scenario = await StatusScenario.start();
  scenario.issuer.statusList.answer(changedList({})(scenario.issuer));
  const token = scenario.token();
  await scenario.settledVerdict(token);
  scenario.clock.advance({ seconds: 10 });
  expect(await scenario.verdict(token)).toBe('accepted');
  await scenario.close();
});

describe('invalid status list (Token Status List §5.1, §8.3)', () => {
  it.each(lists)('ignores a list %s', async (_name, answer) => {
    const scenario = await StatusScenario.start();
    scenario.issuer.statusList.answer(answer(scenario.issuer));
    const token = scenario.token();
    await scenario.settledVerdict(token);
    scenario.clock.advance({ seconds: 10 });

    expect(await scenario.settledVerdict(token)).toBe('status_unavailable');
    await scenario.close();
  });

  it('ignores 304 for a list whose signing key is no longer published', async () => {
    const scenario = await StatusScenario.start();
    const { issuer } = scenario;
    const token = scenario.token();
    expect(await scenario.settledVerdict(token)).toBe('accepted');
    issuer.removeKey(issuer.signingKey.kid);
    issuer.rotate(foreignKey);
    issuer.statusList.answer((_request, response) => response.writeHead(304).end());
    // The token under another key makes the guard fetch the key set.
    scenario.clock.advance({ seconds: 10 });
    const next = scenario.token();
    expect(await scenario.verdict(next)).toBe('accepted');
    for (let seconds = 0; seconds < 300; seconds += 10) {
      await scenario.settledVerdict(next);
      scenario.clock.advance({ seconds: 10 });
    }
    expect(await scenario.settledVerdict(next)).toBe('status_unavailable');
    await scenario.close();
  });
});

describe('faulty list server', () => {
  it('delays no request, restores no revoked token, and revokes tokens again after recovery', async () => {
    const scenario = await StatusScenario.start({ statusLists: { timeoutMs: 250 } });
    const [valid, revoked] = [scenario.token(), scenario.token()];
    scenario.issuer.revoke(revoked);
    await waitUntil(async () => (await scenario.settledVerdict(revoked)) === 'revoked');

    for (const [fault, answer] of faults) {
      scenario.issuer.statusList.answer(answer);
      scenario.clock.advance({ seconds: 10 });
      expect([fault, await scenario.verdict(valid)]).toEqual([fault, 'accepted']);
      expect([fault, await scenario.verdict(revoked)]).toEqual([fault, 'revoked']);
      await scenario.settled();
      scenario.clock.advance({ seconds: 10 });
      expect([fault, await scenario.settledVerdict(valid)]).toEqual([fault, 'accepted']);
      expect([fault, await scenario.settledVerdict(revoked)]).toEqual([fault, 'revoked']);

      scenario.issuer.statusList.up();
      const next = scenario.token();
      scenario.issuer.revoke(next);
      await waitUntil(async () => {
        scenario.clock.advance({ seconds: 1 });
        return (await scenario.settledVerdict(next)) === 'revoked';
      });
    }
    await scenario.close();
  });
});
