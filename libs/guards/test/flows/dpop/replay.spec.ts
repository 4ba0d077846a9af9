import { setTimeout } from 'node:timers/promises';
import { InMemoryUsedProofs } from '../../../src/dpop/used-proofs.js';
import type { UsedProofs } from '../../../src/index.js';
import { DpopClient } from '../../../testing/index.js';
import { TestClock } from '../../support/test-clock.js';
import { platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

/** As a database that replicas share would be. */
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

/** As query builders are: no promise, and awaited like one. */
const thenable = (answer: boolean) => ({
  then: (resolve: (answer: boolean) => void) => resolve(answer),
});

let proven: DpopApp;
afterEach(() => proven.close());

describe.each(platforms)(
  'a proof is good for one request on %s (RFC 9449 §11.1)',
  (_name, adapter) => {
    beforeEach(async () => {
      proven = await DpopApp.start(adapter);
    });

    it('and refused when it comes again, for any URI', async () => {
      const accessToken = proven.token();
      const proof = proven.client.proof({ ...ORDERS, accessToken });

      await proven.sendProof(accessToken, proof).expect(200);
      const replayed = await proven.sendProof(accessToken, proof);
      expect([replayed.status, proven.takeReasons()]).toEqual([401, ['replayed_proof']]);
      expect(replayed.headers['www-authenticate']).toContain('DPoP error="invalid_dpop_proof"');
    });

    it('of many at once, one', async () => {
      const accessToken = proven.token();
      const proof = proven.client.proof({ ...ORDERS, accessToken });
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => proven.sendProof(accessToken, proof)),
      );

      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(new Set(proven.takeReasons())).toEqual(new Set(['replayed_proof']));
    });

    it('also under a signature that was made anew: the name counts, not the text', async () => {
      const accessToken = proven.token();
      const again = () => proven.client.proof({ ...ORDERS, accessToken }, { jti: 'mine' });

      await proven.sendProof(accessToken, again()).expect(200);
      await proven.sendProof(accessToken, again()).expect(401);
    });

    it('two clients may have chosen the same name', async () => {
      const other = new DpopClient({ now: proven.clock.now });
      for (const client of [proven.client, other]) {
        const accessToken = proven.token({ cnf: client.cnf });
        const proof = client.proof({ ...ORDERS, accessToken }, { jti: 'mine' });
        await proven.sendProof(accessToken, proof).expect(200);
      }
    });

    it('until the last moment at which its age would do', async () => {
      const accessToken = proven.token();
      const iat = Math.floor(proven.clock.now() / 1000) + 5;
      const proof = proven.client.proof({ ...ORDERS, accessToken }, { iat });
      await proven.sendProof(accessToken, proof).expect(200);
      for (const seconds of [30, 30, 9, 1]) {
        proven.clock.advance({ seconds });
        await proven.requestOrders(proven.token()).expect(200);
        await proven.sendProof(accessToken, proof).expect(401);
      }

      expect(proven.takeReasons()).toEqual([
        ...Array.from({ length: 3 }, () => 'replayed_proof'),
        'proof_out_of_time',
      ]);
    });

    it('one that was refused for another reason uses its name up for nobody', async () => {
      const accessToken = proven.token();
      const thief = new DpopClient({ now: proven.clock.now });
      const request = { ...ORDERS, accessToken };
      await proven
        .sendProof(
          accessToken,
          proven.client.proof(request, { jti: 'mine' }, { signedBy: thief.key }),
        )
        .expect(401);

      await proven
        .sendProof(accessToken, proven.client.proof(request, { jti: 'mine' }))
        .expect(200);
    });
  },
);

describe.each(platforms)('proofs that are remembered elsewhere, on %s', (_name, adapter) => {
  it('are used once, also when several ask at once (RFC 9449 §11.1)', async () => {
    const usedProofs = new SharedProofs();
    proven = await DpopApp.start(adapter, { dpop: { usedProofs } });
    const accessToken = proven.token();
    const proof = proven.client.proof({ ...ORDERS, accessToken });
    const answers = await Promise.all([1, 2, 3].map(() => proven.sendProof(accessToken, proof)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect([...usedProofs.used]).toEqual([
      [expect.stringMatching(/^[\w-]{43}$/), proven.clock.now() + 65_000],
    ]);
  });

  it('cannot be had: nobody is let in, and nobody is told that the token is bad', async () => {
    const usedProofs = new SharedProofs();
    usedProofs.isDown = true;
    proven = await DpopApp.start(adapter, { dpop: { usedProofs } });
    const answer = await proven.requestOrders(proven.token());

    expect([answer.status, proven.takeReasons()]).toEqual([503, ['proofs_unavailable']]);
    expect(answer.headers).toMatchObject({ 'retry-after': '1' });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => fail(), 'proofs_unavailable'],
    ['returns nothing', () => undefined, 'replayed_proof'],
    ['returns something else', () => 'yes', 'replayed_proof'],
    ['promises something else', () => Promise.resolve(1), 'replayed_proof'],
    ['returns what can be awaited and says no', () => thenable(false), 'replayed_proof'],
  ])('that %s lets nobody in', async (_what, use, reason) => {
    proven = await DpopApp.start(adapter, { dpop: { usedProofs: Object.create({ use }) } });
    await proven.requestOrders(proven.token());

    expect(proven.takeReasons()).toEqual([reason]);
  });

  it('there is room for so many, and the next ones wait until the oldest are of no use', async () => {
    proven = await DpopApp.start(adapter, { dpop: { maxProofs: 2 } });
    await proven.requestOrders(proven.token()).expect(200);
    await proven.requestOrders(proven.token()).expect(200);
    const answer = await proven.requestOrders(proven.token());

    expect([answer.status, proven.takeReasons()]).toEqual([503, ['proofs_unavailable']]);
    proven.clock.advance({ seconds: Number(answer.headers['retry-after']) });
    await proven.requestOrders(proven.token()).expect(200);
  });
});

describe('the memory for proofs', () => {
  it('forgets what is of no use any more, and nothing before', () => {
    const clock = new TestClock();
    const proofs = new InMemoryUsedProofs(100_000, clock.now);
    let most = 0;
    for (let second = 0; second < 600; second += 1) {
      for (let n = 0; n < 10; n += 1) {
        expect(proofs.use(`${second}-${n}`, clock.now() + 60_000)).toBe(true);
      }
      const youngest = Math.max(0, second - 59);
      expect(proofs.use(`${youngest}-0`, clock.now() + 60_000)).toBe(false);
      most = Math.max(most, proofs.size);
      clock.advance({ seconds: 1 });
    }
    expect(most).toBeLessThanOrEqual(1300);
  });
});
