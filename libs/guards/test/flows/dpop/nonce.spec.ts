import { DpopClient } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

const secret = 'a secret that only the replicas have';
const dpop = { requiresNonce: true, nonceLifetimeSeconds: 60, nonceSecrets: [secret] };

describe.each(platforms)('DPoP nonces on %s (RFC 9449 §9)', (_name, adapter) => {
  let dpopApp: DpopApp;
  beforeEach(async () => {
    dpopApp = await DpopApp.start(adapter, { dpop });
  });
  afterEach(() => dpopApp.close());

  function requestWithNonce(nonce: string | undefined, app = dpopApp) {
    const accessToken = app.token();
    const claims = { nonce };
    return app.sendProof(accessToken, app.client.proof({ ...ORDERS, accessToken }, claims));
  }

  async function fetchNonce(app = dpopApp): Promise<string> {
    const answer = await requestWithNonce(undefined, app);
    return String(answer.headers['dpop-nonce']);
  }

  it.each([undefined, '', 'x', 'A'.repeat(22)])(
    'answers a proof with the nonce %j by use_dpop_nonce and a nonce',
    async (nonce) => {
      const answer = await requestWithNonce(nonce);

      expect([answer.status, dpopApp.takeReasons()]).toEqual([401, ['proof_nonce_required']]);
      expect(answer.headers['dpop-nonce']).toMatch(/^[\w-]{22}$/);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce", /);
      expect(answer.headers['www-authenticate']).not.toContain('Bearer');
    },
  );

  it('accepts a proof with the nonce and announces the next nonce (RFC 9449 §8.2)', async () => {
    const nonce = await fetchNonce();
    const answer = await requestWithNonce(nonce);
    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, nonce]);

    dpopApp.clock.advance({ seconds: 60 });
    const later = await requestWithNonce(nonce);
    expect(later.status).toBe(200);
    expect(later.headers['dpop-nonce']).not.toBe(nonce);
  });

  it('accepts a nonce for at least its lifetime and refuses it later', async () => {
    const nonce = await fetchNonce();
    dpopApp.clock.advance({ seconds: 60 });
    await requestWithNonce(nonce).expect(200);
    dpopApp.clock.advance({ seconds: 60 });
    await requestWithNonce(nonce).expect(401);
  });

  it('refuses the second use of a proof with a nonce (RFC 9449 §11.1)', async () => {
    const accessToken = dpopApp.token();
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken, nonce: await fetchNonce() });
    await dpopApp.sendProof(accessToken, proof).expect(200);
    dpopApp.clock.advance({ seconds: 60 });
    await dpopApp.sendProof(accessToken, proof).expect(401);

    expect(dpopApp.takeReasons()).toEqual(['proof_nonce_required', 'replayed_proof']);
  });

  it('accepts a proof with a nonce from a client with a wrong clock (RFC 9449 §11.1)', async () => {
    const late = new DpopClient({ now: () => dpopApp.clock.now() - 3_600_000 });
    const accessToken = dpopApp.token({ cnf: late.cnf });
    const nonce = await fetchNonce();

    await dpopApp.sendProof(accessToken, late.proof({ ...ORDERS, accessToken, nonce })).expect(200);
  });

  it('accepts a nonce on every replica with the secret, also if its clock is slightly behind', async () => {
    const other = await DpopApp.start(adapter, { dpop });
    const unrelated = await DpopApp.start(adapter, { dpop: { requiresNonce: true } });
    try {
      dpopApp.clock.advance({ seconds: 60 });
      await requestWithNonce(await fetchNonce(), other).expect(200);
      await requestWithNonce(await fetchNonce(), unrelated).expect(401);
    } finally {
      await other.close();
      await unrelated.close();
    }
  });

  it('accepts nonces of the previous secret while the secret is rotated', async () => {
    const nonceSecrets = ['a newer secret that all the replicas have', secret];
    const other = await DpopApp.start(adapter, { dpop: { ...dpop, nonceSecrets } });
    try {
      await requestWithNonce(await fetchNonce(), other).expect(200);
      await requestWithNonce(await fetchNonce(other)).expect(401);
    } finally {
      await other.close();
    }
  });

  it('requires no nonce for a bearer token and sends none', async () => {
    const token = dpopApp.token({ cnf: undefined });
    const answer = await dpopApp.get({ Authorization: `Bearer ${token}` });

    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('dpop-nonce');
  });
});

describe.each(platforms)('resource server without DPoP nonces on %s', (_name, adapter) => {
  it('sends no nonce and ignores the nonce of a client', async () => {
    const dpopApp = await DpopApp.start(adapter);
    const accessToken = dpopApp.token();
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken, nonce: 'x' });
    const answer = await dpopApp.sendProof(accessToken, proof);
    await dpopApp.close();

    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, undefined]);
  });
});
