import { setTimeout } from 'node:timers/promises';
import { InMemoryUsedProofs } from '../../../src/dpop/used-proofs.js';
import type { UsedProofs } from '../../../src/index.js';
import { DpopClient } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

/** Stands for a database that replicas share. */
class SharedProofs implements UsedProofs {
  readonly used = new Map<string, number>();
  isDown = false;

  async use(id: string, goodUntil: number): Promise<boolean> {
    await setTimeout(1);
    if (this.isDown) throw new Error('connection refused');
    const isFirst = !this.used.has(id);
    this.used.set(id, goodUntil);
    return isFirst;
  }
}

const fail = (): never => {
  throw new Error('not connected');
};

/** A thenable that is not a promise, as query builders return it. */
const thenable = (isFirst: boolean) => ({
  then: (resolve: (isFirst: boolean) => void) => resolve(isFirst),
});

let dpopApp: DpopApp;
afterEach(() => dpopApp.close());

describe.each(platforms)('replay of proofs on %s (RFC 9449 §11.1)', (_name, adapter) => {
  beforeEach(async () => {
    dpopApp = await DpopApp.start(adapter);
  });

  it('refuses the second use of a proof', async () => {
    const accessToken = dpopApp.token();
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken });

    await dpopApp.sendProof(accessToken, proof).expect(200);
    const replayed = await dpopApp.sendProof(accessToken, proof);
    expect([replayed.status, dpopApp.takeReasons()]).toEqual([401, ['replayed_proof']]);
    expect(replayed.headers['www-authenticate']).toContain('DPoP error="invalid_dpop_proof"');
  });

  it('accepts one of many parallel uses of a proof', async () => {
    const accessToken = dpopApp.token();
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => dpopApp.sendProof(accessToken, proof)),
    );

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(dpopApp.takeReasons())).toEqual(new Set(['replayed_proof']));
  });

  it('refuses a second proof with the same jti under a new signature', async () => {
    const accessToken = dpopApp.token();
    const again = () => dpopApp.client.proof({ ...ORDERS, accessToken }, { jti: 'mine' });

    await dpopApp.sendProof(accessToken, again()).expect(200);
    await dpopApp.sendProof(accessToken, again()).expect(401);
  });

  it('accepts proofs of two clients with the same jti', async () => {
    const other = new DpopClient({ now: dpopApp.clock.now });
    for (const client of [dpopApp.client, other]) {
      const accessToken = dpopApp.token({ cnf: client.cnf });
      const proof = client.proof({ ...ORDERS, accessToken }, { jti: 'mine' });
      await dpopApp.sendProof(accessToken, proof).expect(200);
    }
  });

  it('remembers a proof until it is too old to be accepted', async () => {
    const accessToken = dpopApp.token();
    const iat = Math.floor(dpopApp.clock.now() / 1000) + 5;
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken }, { iat });
    await dpopApp.sendProof(accessToken, proof).expect(200);
    for (const seconds of [30, 30, 9, 1]) {
      dpopApp.clock.advance({ seconds });
      await dpopApp.requestOrders(dpopApp.token()).expect(200);
      await dpopApp.sendProof(accessToken, proof).expect(401);
    }

    expect(dpopApp.takeReasons()).toEqual([
      ...Array.from({ length: 3 }, () => 'replayed_proof'),
      'proof_out_of_time',
    ]);
  });

  it('does not record the jti of a proof that it refuses for another reason', async () => {
    const accessToken = dpopApp.token();
    const thief = new DpopClient({ now: dpopApp.clock.now });
    const request = { ...ORDERS, accessToken };
    await dpopApp
      .sendProof(
        accessToken,
        dpopApp.client.proof(request, { jti: 'mine' }, { signedBy: thief.key }),
      )
      .expect(401);

    await dpopApp
      .sendProof(accessToken, dpopApp.client.proof(request, { jti: 'mine' }))
      .expect(200);
  });
});

describe.each(platforms)('store for used proofs on %s', (_name, adapter) => {
  it('accepts one of several parallel uses of a proof (RFC 9449 §11.1)', async () => {
    const usedProofs = new SharedProofs();
    dpopApp = await DpopApp.start(adapter, { dpop: { usedProofs } });
    const accessToken = dpopApp.token();
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken });
    const answers = await Promise.all([1, 2, 3].map(() => dpopApp.sendProof(accessToken, proof)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect([...usedProofs.used]).toEqual([
      [expect.stringMatching(/^[\w-]{43}$/), dpopApp.clock.now() + 65_000],
    ]);
  });

  it('answers 503 without a challenge while the store is unavailable', async () => {
    const usedProofs = new SharedProofs();
    usedProofs.isDown = true;
    dpopApp = await DpopApp.start(adapter, { dpop: { usedProofs } });
    const answer = await dpopApp.requestOrders(dpopApp.token());

    expect([answer.status, dpopApp.takeReasons()]).toEqual([503, ['proofs_unavailable']]);
    expect(answer.headers).toMatchObject({ 'retry-after': '1' });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => fail(), 'proofs_unavailable'],
    ['returns nothing', () => undefined, 'replayed_proof'],
    ['returns a string', () => 'yes', 'replayed_proof'],
    ['resolves to a number', () => Promise.resolve(1), 'replayed_proof'],
    ['returns a thenable that resolves to false', () => thenable(false), 'replayed_proof'],
  ])('refuses the request when the store %s', async (_what, use, reason) => {
    dpopApp = await DpopApp.start(adapter, { dpop: { usedProofs: Object.create({ use }) } });
    await dpopApp.requestOrders(dpopApp.token());

    expect(dpopApp.takeReasons()).toEqual([reason]);
  });

  it('answers 503 while the store is full and accepts proofs again when the oldest expire', async () => {
    dpopApp = await DpopApp.start(adapter, { dpop: { maxProofs: 2 } });
    await dpopApp.requestOrders(dpopApp.token()).expect(200);
    await dpopApp.requestOrders(dpopApp.token()).expect(200);
    const answer = await dpopApp.requestOrders(dpopApp.token());

    expect([answer.status, dpopApp.takeReasons()]).toEqual([503, ['proofs_unavailable']]);
    dpopApp.clock.advance({ seconds: Number(answer.headers['retry-after']) });
    await dpopApp.requestOrders(dpopApp.token()).expect(200);
  });
});

describe('in-memory store for used proofs', () => {
  it('deletes expired proofs and no others', () => {
    const clock = new TestClock();
    const proofs = new InMemoryUsedProofs(100_000, clock.options);
    let maxSize = 0;
    for (let second = 0; second < 600; second += 1) {
      for (let n = 0; n < 10; n += 1) {
        expect(proofs.use(`${second}-${n}`, clock.now() + 60_000)).toBe(true);
      }
      const youngest = Math.max(0, second - 59);
      expect(proofs.use(`${youngest}-0`, clock.now() + 60_000)).toBe(false);
      maxSize = Math.max(maxSize, proofs.size);
      clock.advance({ seconds: 1 });
    }
    expect(maxSize).toBeLessThanOrEqual(1300);
  });
});
