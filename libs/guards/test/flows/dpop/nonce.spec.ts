import { DpopClient } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

const secret = 'a secret that all replicas have, and nobody else';
const dpop = { requiresNonce: true, nonceLifetimeSeconds: 60, nonceSecrets: [secret] };

describe.each(platforms)('nonces of this server on %s (RFC 9449 §9)', (_name, adapter) => {
  let proven: DpopApp;
  beforeEach(async () => {
    proven = await DpopApp.start(adapter, { dpop });
  });
  afterEach(() => proven.close());

  function withNonce(nonce: string | undefined, of = proven) {
    const accessToken = of.token();
    const claims = { nonce };
    return of.sendProof(accessToken, of.client.proof({ ...ORDERS, accessToken }, claims));
  }

  async function aNonce(of = proven): Promise<string> {
    const answer = await withNonce(undefined, of);
    return String(answer.headers['dpop-nonce']);
  }

  it.each([undefined, '', 'x', 'A'.repeat(22)])(
    'a proof with %j is answered with a nonce and the word for it',
    async (nonce) => {
      const answer = await withNonce(nonce);

      expect([answer.status, proven.takeReasons()]).toEqual([401, ['proof_nonce_required']]);
      expect(answer.headers['dpop-nonce']).toMatch(/^[\w-]{22}$/);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce", /);
      expect(answer.headers['www-authenticate']).not.toContain('Bearer');
    },
  );

  it('with it, the next one is good, and is told the nonce to come (§8.2)', async () => {
    const nonce = await aNonce();
    const answer = await withNonce(nonce);
    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, nonce]);

    proven.clock.advance({ seconds: 60 });
    const later = await withNonce(nonce);
    expect(later.status).toBe(200);
    expect(later.headers['dpop-nonce']).not.toBe(nonce);
  });

  it('is good for its lifetime at least, and not for ever', async () => {
    const nonce = await aNonce();
    proven.clock.advance({ seconds: 60 });
    await withNonce(nonce).expect(200);
    proven.clock.advance({ seconds: 60 });
    await withNonce(nonce).expect(401);
  });

  it('a proof with it is good once, as long as it lives', async () => {
    const accessToken = proven.token();
    const proof = proven.client.proof({ ...ORDERS, accessToken, nonce: await aNonce() });
    await proven.sendProof(accessToken, proof).expect(200);
    proven.clock.advance({ seconds: 60 });
    await proven.sendProof(accessToken, proof).expect(401);

    expect(proven.takeReasons()).toEqual(['proof_nonce_required', 'replayed_proof']);
  });

  it('spares clients a good clock (§11.1)', async () => {
    const late = new DpopClient({ now: () => proven.clock.now() - 3_600_000 });
    const accessToken = proven.token({ cnf: late.cnf });
    const nonce = await aNonce();

    await proven.sendProof(accessToken, late.proof({ ...ORDERS, accessToken, nonce })).expect(200);
  });

  it('is known to every replica that has the secret, also one whose clock is a little behind', async () => {
    const other = await DpopApp.start(adapter, { dpop });
    const stranger = await DpopApp.start(adapter, { dpop: { requiresNonce: true } });
    try {
      proven.clock.advance({ seconds: 60 });
      await withNonce(await aNonce(), other).expect(200);
      await withNonce(await aNonce(), stranger).expect(401);
    } finally {
      await other.close();
      await stranger.close();
    }
  });

  it('goes on while the secret changes', async () => {
    const nonceSecrets = ['a newer secret that all the replicas have', secret];
    const other = await DpopApp.start(adapter, { dpop: { ...dpop, nonceSecrets } });
    try {
      await withNonce(await aNonce(), other).expect(200);
      await withNonce(await aNonce(other)).expect(401);
    } finally {
      await other.close();
    }
  });

  it('bearer tokens need none and are told of none', async () => {
    const token = proven.token({ cnf: undefined });
    const answer = await proven.get({ Authorization: `Bearer ${token}` });

    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('dpop-nonce');
  });
});

describe.each(platforms)('without nonces on %s', (_name, adapter) => {
  it('nobody is told of one, and what a client says is no matter', async () => {
    const proven = await DpopApp.start(adapter);
    const accessToken = proven.token();
    const proof = proven.client.proof({ ...ORDERS, accessToken, nonce: 'x' });
    const answer = await proven.sendProof(accessToken, proof);
    await proven.close();

    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, undefined]);
  });
});
