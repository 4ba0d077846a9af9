import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessRules } from '@gatehouse/guards';
import { expectGuarded, TestIssuer } from '@gatehouse/guards/testing';
import { BILLING_SCOPES } from '../../src/billing.scopes.js';
import { anInvoice } from '../support/factories.js';
import { AUDIENCE, RunningBilling, useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();
const UNKNOWN = 'inv_AAAAAAAAAAAAAAAAAAAAAA';

describe('ownership of invoices', () => {
  it.each([
    ['an invoice of another customer', (own: string) => own],
    ['an unknown id', () => UNKNOWN],
    ['a malformed id', () => 'inv_1'],
    ['a path as the id', () => '..%2fhealth%2flive'],
    ['an id with NUL', () => 'inv_%00'],
  ])('answers %s with the same 404, byte for byte', async (_name, idOf) => {
    const { id } = await billing().asService().issueInvoice();
    const mallory = billing().asUser('mallory');
    const unknown = await mallory.get(`/invoices/${UNKNOWN}`);

    for (const answer of [
      await mallory.get(`/invoices/${idOf(id)}`),
      await mallory.payInvoice(idOf(id)),
    ]) {
      expect(answer.status).toBe(404);
      expect(answer.text).toBe(unknown.text);
      expect({ ...answer.headers, date: '' }).toEqual({ ...unknown.headers, date: '' });
    }
  });
});

describe('scopes (RFC 6750 §3.1)', () => {
  it('guards its routes with exactly the declared scopes', () => {
    expect(billing().app.get(AccessRules).scopes()).toEqual(Object.keys(BILLING_SCOPES).sort());
  });

  it.each([
    ['POST', '/invoices', 'billing:invoices:create'],
    ['POST', `/invoices/${UNKNOWN}/void`, 'billing:invoices:create'],
    ['GET', '/invoices', 'billing:read'],
    ['GET', `/invoices/${UNKNOWN}`, 'billing:read'],
    ['POST', `/invoices/${UNKNOWN}/pay`, 'billing:pay'],
    ['POST', `/invoices/${UNKNOWN}/refund`, 'billing:refund'],
    ['GET', '/totals?month=2026-11', 'billing:admin'],
  ])(
    'answers %s %s without %s with 403 and names the scope in the challenge',
    async (method, path, scope) => {
      const alternative = scope === 'billing:read' ? 'billing:refund' : scope;
      const others = Object.keys(BILLING_SCOPES).filter(
        (other) => other !== scope && other !== alternative,
      );
      const claims = { client_id: 'orders-service', scope: others.join(' ') };
      const caller = billing().asUser('orders-service', claims);
      const answer = await (method === 'GET' ? caller.get(path) : caller.post(path, anInvoice()));

      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toContain(
        `error="insufficient_scope", scope="${scope}"`,
      );
    },
  );
});

describe('issuing of invoices by services (RFC 9068 §2.2)', () => {
  it.each([
    ['a valid body', anInvoice({ customer: 'grace' })],
    ['an invalid body', {}],
  ])('rejects a user with the scope, with %s', async (_name, body) => {
    const grace = billing().asUser('grace', { scope: 'billing:read billing:invoices:create' });
    const answer = await grace.post('/invoices', body);

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="insufficient_scope"/);
    expect((await grace.get('/invoices')).body).toEqual({ invoices: [] });
  });
});

describe('access tokens (RFC 9068 §4)', () => {
  it('rejects a missing token, a wrong audience and a missing scope on every route but health and metadata', async () => {
    const { app, issuer } = billing();

    expect(await expectGuarded(app, issuer)).toEqual([
      'GET /invoices',
      'GET /invoices/x',
      'GET /totals',
      'POST /invoices',
      'POST /invoices/x/pay',
      'POST /invoices/x/refund',
      'POST /invoices/x/void',
    ]);
  });

  it('rejects a token for orders', async () => {
    const answer = await billing()
      .asUser('alice', { aud: 'http://localhost:3001' })
      .get('/invoices');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('answers a missing token with 401, the address of the metadata and the scope (RFC 6750 §3, RFC 9728 §5.1)', async () => {
    const answer = await billing().anonymous().get('/invoices');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer resource_metadata="http://localhost:3002/.well-known/oauth-protected-resource", scope="billing:read"',
    );
  });

  it('logs the rule that a token broke, and never the token', async () => {
    const { issuer, log } = billing();
    const expired = issuer.accessToken({ sub: 'heidi', scope: 'billing:read', exp: 1 });
    const [, claims = '', signature = ''] = expired.split('.');
    await billing().withToken(expired).get('/invoices').expect(401);

    expect(log.join('')).toContain('"refused":"expired"');
    expect(log.join('')).not.toContain(claims);
    expect(log.join('')).not.toContain(signature);
  });

  it('logs a refusal with the id, method and path of its request, and the values that differ', async () => {
    const { issuer, log } = billing();
    const foreign = issuer.accessToken({ sub: 'heidi', aud: 'https://other.example' });
    await billing().withToken(foreign).get('/invoices?secret=x').expect(401);
    const lines = log.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text));
    const refusal = lines.findLast(({ msg }) => msg === 'refused');

    expect(refusal).toMatchObject({
      refused: 'wrong_audience',
      method: 'GET',
      path: '/invoices',
      issuer: issuer.issuer,
      why: expect.stringContaining('aud is "https://other.example", and must name'),
    });
    const request = { msg: 'request', reqId: refusal.reqId, status: 401 };
    expect(lines).toContainEqual(expect.objectContaining(request));
  });

  it('warns once when the issuer does not answer, however many requests are refused', async () => {
    const { app, readLog, close } = await startDuringOutage();
    for (let sent = 0; sent < 4; sent += 1) await app.asUser('ivan').get('/invoices').expect(503);
    await close();

    const refusals = readLog().filter(({ msg }) => msg === 'refused');
    expect(refusals.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'debug']);
    expect(refusals[0]).toMatchObject({
      refused: 'keys_unavailable',
      path: '/invoices',
      why: expect.stringContaining('answered with status 500'),
    });
  });
});

/** A service whose issuer has answered nothing since the start. */
async function startDuringOutage() {
  const issuer = await TestIssuer.start({ audience: AUDIENCE });
  issuer.fail();
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-billing-'));
  const app = await RunningBilling.start({ dataDir }, { issuer, settings: { LOG_LEVEL: 'debug' } });
  const readLog = () =>
    app.log.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text));
  const close = async () => {
    await app.close();
    await issuer.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { app, readLog, close };
}
