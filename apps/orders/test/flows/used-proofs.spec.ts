import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { DpopClient, TestIssuer } from '@gatehouse/guards/testing';
import { CleanupJob, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import supertest from 'supertest';
import { UsedProofRepository } from '../../src/used-proofs/used-proof.repository.js';
import { AUDIENCE, RunningOrders } from '../support/running-orders.js';

const ORDERS = { method: 'GET', url: `${AUDIENCE}/orders` };
const partner = new DpopClient();
/** Its clock is half a minute slow, so its proofs expire half a minute earlier. */
const latePartner = new DpopClient({ now: () => Date.now() - 30_000 });

eachDatabase('used DPoP proofs (RFC 9449 §11.1)', (fresh) => {
  const clock = TestClock.running();
  let issuer: TestIssuer;
  let database: TestDatabase;
  let running: RunningOrders[];

  beforeEach(async () => {
    issuer = await TestIssuer.start({ audience: AUDIENCE });
    [database, running] = [await fresh(), []];
  });
  afterEach(async () => {
    for (const orders of running) await orders.close();
    await issuer.close();
  });

  async function aReplica(): Promise<RunningOrders> {
    const orders = await RunningOrders.start(database, { issuer, clock });
    running.push(orders);
    return orders;
  }
  const createProof = (client = partner) =>
    client.headers({
      ...ORDERS,
      accessToken: issuer.accessToken({ sub: 'alice', scope: 'orders:read', cnf: client.cnf }),
    });
  const readOrders = async ({ app }: RunningOrders, headers = createProof()) =>
    supertest(await app.getUrl())
      .get('/orders')
      .set(headers);
  const storedProofs = (orders: RunningOrders) =>
    orders.rows<{ id: string; until: number }>('SELECT id, expires_at AS until FROM used_proof');

  it('accepts one of twenty simultaneous uses at two replicas', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const headers = createProof();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => readOrders(n % 2 ? one : other, headers)),
    );

    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(19).fill(401)]);
    const rejected = answers.find(({ status }) => status === 401);
    expect(rejected?.headers['www-authenticate']).toContain('error="invalid_dpop_proof"');
    expect(await storedProofs(one)).toEqual([
      { id: expect.stringMatching(/^[\w-]{43}$/), until: expect.any(Number) },
    ]);
  });

  it('rejects a used proof after a restart', async () => {
    const headers = createProof();
    expect((await readOrders(await aReplica(), headers)).status).toBe(200);
    await running.pop()?.close();

    expect((await readOrders(await aReplica(), headers)).status).toBe(401);
  });

  it('deletes a proof only after its time has expired', async () => {
    const orders = await aReplica();
    expect((await readOrders(orders, createProof(latePartner))).status).toBe(200);
    const [first] = await storedProofs(orders);
    expect((await readOrders(orders)).status).toBe(200);
    // One more minute, because clocks differ. A replica cleans up at its start and then every ten seconds.
    clock.advance({ seconds: ((first?.until ?? 0) + 60_000 - clock.now()) / 1000 });
    const upkeep = await aReplica();
    await waitUntil(async () => (await storedProofs(upkeep)).length === 1);

    expect(await storedProofs(upkeep)).not.toContainEqual(first);
  });

  it('stores nothing for bearer tokens and for rejected requests', async () => {
    const orders = await aReplica();
    await orders.asUser('alice').get('/orders').expect(200);
    const { Authorization = '' } = createProof();
    const proofOfAnotherToken = { Authorization, DPoP: createProof()['DPoP'] ?? '' };
    expect((await readOrders(orders, proofOfAnotherToken)).status).toBe(401);

    expect(await storedProofs(orders)).toEqual([]);
  });

  it('answers 503 while the table is missing, and gives no access', async () => {
    const orders = await aReplica();
    const work = orders.app.get(UnitOfWork);
    await work.execute('ALTER TABLE used_proof RENAME TO elsewhere');
    const answer = await readOrders(orders);
    await work.execute('ALTER TABLE elsewhere RENAME TO used_proof');

    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '1' });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(answer.text).not.toContain('used_proof');
    expect((await readOrders(orders)).status).toBe(200);
  });

  it('stores a limited number of proofs per minute, in which repeated proofs do not count', async () => {
    const orders = await aReplica();
    const proofs = new UsedProofRepository(
      orders.app.get(UnitOfWork),
      clock,
      orders.app.get(CleanupJob),
    );
    proofs.maxPerMinute = 2;
    const goodUntil = clock.now() + 65_000;
    const uses = ['one', 'one', 'two'].map((id) => () => proofs.use(id, goodUntil));
    const firsts = [];
    for (const use of uses) firsts.push(await use());
    expect(firsts).toEqual([true, false, true]);

    await expect(proofs.use('three', goodUntil)).rejects.toMatchObject({
      reason: 'proofs_unavailable',
      headers: { 'Retry-After': '60' },
    });
    // A correction of the wall clock does not prolong the minute.
    clock.correct({ seconds: -300 });
    clock.advance({ seconds: 60 });
    expect(await proofs.use('three', goodUntil)).toBe(true);
    clock.correct({ seconds: 300 });
  });
});
