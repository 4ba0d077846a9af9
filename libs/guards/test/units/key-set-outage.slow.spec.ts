import type { KeySetOptions } from '../../src/index.js';
import type { KeySet } from '../../src/core/key-set.js';
import { type Answer, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { aKeySet } from '../support/factories.js';
import { it } from '../support/slow-test.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  clock = new TestClock();
});
afterEach(() => issuer.close());

function keySet(options: KeySetOptions = {}): KeySet {
  return aKeySet({ ...issuer.options, ...clock.options, keySet: { timeoutMs: 600, ...options } });
}

const signingKid = () => issuer.signingKey.kid;
const json: Answer = (_request, response) => response.setHeader('content-type', 'application/json');

/** The ways in which an issuer can fail to deliver its keys. */
const outages: [name: string, start: () => void][] = [
  ['stalls in the body, where jwks-rsa alone would hang', () => issuer.stall()],
  ['never answers', () => issuer.answer(() => undefined)],
  [
    'aborts in the body, where jwks-rsa alone would hang',
    () =>
      issuer.answer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 999 });
        response.write('{"keys":[', () => response.destroy());
      }),
  ],
  ['answers 500', () => issuer.fail(500)],
  ['answers 404', () => issuer.fail(404)],
  [
    'answers with HTML',
    () =>
      issuer.answer((_q, s) => s.setHeader('content-type', 'text/html').end('<p>soon back</p>')),
  ],
  [
    'answers with text that is not JSON',
    () => issuer.answer((q, s) => (json(q, s), s.end('{"keys"'))),
  ],
  [
    'answers with JSON that is not a key set',
    () => issuer.answer((q, s) => (json(q, s), s.end('{"keys":{}}'))),
  ],
  ['answers with an empty set', () => issuer.answer((q, s) => (json(q, s), s.end('{"keys":[]}')))],
  [
    'sends an endless answer',
    () =>
      issuer.answer((q, s) => {
        json(q, s);
        const write = () => {
          while (s.writable && s.write(' '.repeat(65_536)));
        };
        s.on('drain', write);
        write();
      }),
  ],
  [
    'redirects',
    () => issuer.answer((_q, s) => s.writeHead(302, { location: issuer.issuer }).end()),
  ],
];

describe.each(outages)('key set of an issuer that %s', (_name, start) => {
  it('rejects with keys_unavailable instead of reporting an unknown key', async () => {
    start();

    await expect(keySet().find(signingKid())).rejects.toHaveProperty('code', 'keys_unavailable');
  });

  it('returns known keys during the outage and new keys after recovery', async () => {
    const keys = keySet();
    await keys.ready();
    start();
    clock.advance({ seconds: 301 });

    expect(await keys.find(signingKid())).toBeDefined();
    const fetches = issuer.fetches;
    for (let i = 0; i < 20; i += 1) expect(await keys.find(signingKid())).toBeDefined();
    expect(issuer.fetches).toBe(fetches);

    issuer.up();
    const { kid } = issuer.rotate();
    clock.advance({ seconds: 31 });
    expect(await keys.find(kid)).toBeDefined();
  });
});

describe('outage of an issuer', () => {
  it('returns known keys during an outage for `maxStaleSeconds` and no longer', async () => {
    const keys = keySet({ maxStaleSeconds: 60 });
    await keys.ready();
    issuer.fail();

    clock.advance({ seconds: 300 + 59 });
    expect(await keys.find(signingKid())).toBeDefined();
    clock.advance({ seconds: 2 });
    await expect(keys.find(signingKid())).rejects.toHaveProperty('code', 'keys_unavailable');
    await expect(keys.ready()).rejects.toHaveProperty('code', 'keys_unavailable');
  });

  it('repeats a failed fetch at growing intervals', async () => {
    const keys = keySet();
    issuer.fail();
    for (let second = 0; second < 120; second += 1) {
      await expect(keys.ready()).rejects.toHaveProperty('code', 'keys_unavailable');
      clock.advance({ seconds: 1 });
    }
    expect(issuer.fetches).toBeGreaterThan(4);
    expect(issuer.fetches).toBeLessThan(14);
  });

  it('rejects an unknown key with keys_unavailable during an outage, because it may be new', async () => {
    const keys = keySet();
    await keys.ready();
    issuer.stall();
    clock.advance({ seconds: 11 });

    await expect(keys.find('new')).rejects.toMatchObject({ retryAfterSeconds: 1 });
    await expect(keys.find('new')).rejects.toHaveProperty('code', 'keys_unavailable');
    expect(await keys.find(signingKid())).toBeDefined();
  });
});
