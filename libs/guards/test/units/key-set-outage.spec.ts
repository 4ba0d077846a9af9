import type { KeySetOptions } from '../../src/index.js';
import type { KeySet } from '../../src/core/key-set.js';
import { type Answer, TestIssuer } from '../../testing/index.js';
import { TestClock } from '../support/test-clock.js';
import { aKeySet } from '../support/factories.js';

let issuer: TestIssuer;
let clock: TestClock;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  clock = new TestClock();
});
afterEach(() => issuer.close());

function keySet(options: KeySetOptions = {}): KeySet {
  return aKeySet({ ...issuer.options, now: clock.now, keySet: { timeoutMs: 600, ...options } });
}

const signingKid = () => issuer.signingKey.kid;
const json: Answer = (_request, response) => response.setHeader('content-type', 'application/json');

/** Every way an issuer can fail to give its keys. */
const outages: [name: string, begin: () => void][] = [
  ['stalls in the body, where jwks-rsa alone hangs', () => issuer.stall()],
  ['never answers', () => issuer.answer(() => undefined)],
  [
    'aborts in the body, where jwks-rsa alone hangs',
    () =>
      issuer.answer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 999 });
        response.write('{"keys":[', () => response.destroy());
      }),
  ],
  ['answers 500', () => issuer.fail(500)],
  ['answers 404', () => issuer.fail(404)],
  [
    'answers HTML',
    () =>
      issuer.answer((_q, s) => s.setHeader('content-type', 'text/html').end('<p>soon back</p>')),
  ],
  ['answers text that is not JSON', () => issuer.answer((q, s) => (json(q, s), s.end('{"keys"')))],
  [
    'answers JSON that is no key set',
    () => issuer.answer((q, s) => (json(q, s), s.end('{"keys":{}}'))),
  ],
  ['answers an empty set', () => issuer.answer((q, s) => (json(q, s), s.end('{"keys":[]}')))],
  [
    'answers without end',
    () =>
      issuer.answer((q, s) => {
        json(q, s);
        const pour = () => {
          while (s.writable && s.write(' '.repeat(65_536)));
        };
        s.on('drain', pour);
        pour();
      }),
  ],
  [
    'redirects',
    () => issuer.answer((_q, s) => s.writeHead(302, { location: issuer.issuer }).end()),
  ],
];

describe.each(outages)('when the issuer %s', (_name, begin) => {
  it('there are no keys, which is KeysUnavailable and not "unknown key"', async () => {
    begin();

    await expect(keySet().find(signingKid())).rejects.toHaveProperty('code', 'keys_unavailable');
  });

  it('known keys go on verifying, and recovery is noticed', async () => {
    const keys = keySet();
    await keys.ready();
    begin();
    clock.advance(301);

    expect(await keys.find(signingKid())).toBeDefined();
    const fetches = issuer.fetches;
    for (let i = 0; i < 20; i += 1) expect(await keys.find(signingKid())).toBeDefined();
    expect(issuer.fetches).toBe(fetches);

    issuer.up();
    const { kid } = issuer.rotate();
    clock.advance(31);
    expect(await keys.find(kid)).toBeDefined();
  });
});

describe('an outage', () => {
  it('is survived for maxStaleSeconds and no longer', async () => {
    const keys = keySet({ maxStaleSeconds: 60 });
    await keys.ready();
    issuer.fail();

    clock.advance(300 + 59);
    expect(await keys.find(signingKid())).toBeDefined();
    clock.advance(2);
    await expect(keys.find(signingKid())).rejects.toHaveProperty('code', 'keys_unavailable');
    await expect(keys.ready()).rejects.toHaveProperty('code', 'keys_unavailable');
  });

  it('is asked about less and less often', async () => {
    const keys = keySet();
    issuer.fail();
    for (let second = 0; second < 120; second += 1) {
      await expect(keys.ready()).rejects.toHaveProperty('code', 'keys_unavailable');
      clock.advance(1);
    }
    expect(issuer.fetches).toBeGreaterThan(4);
    expect(issuer.fetches).toBeLessThan(14);
  });

  it('makes an unknown key a KeysUnavailable: it may be new', async () => {
    const keys = keySet();
    await keys.ready();
    issuer.stall();
    clock.advance(11);

    await expect(keys.find('new')).rejects.toMatchObject({ retryAfterSeconds: 1 });
    await expect(keys.find('new')).rejects.toHaveProperty('code', 'keys_unavailable');
    expect(await keys.find(signingKid())).toBeDefined();
  });
});
