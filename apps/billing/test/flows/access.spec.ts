import { AccessRules } from '@gatehouse/guards';
import { expectGuarded } from '@gatehouse/guards/testing';
import { BILLING_SCOPES } from '../../src/billing.scopes.js';
import { anInvoice } from '../support/factories.js';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();
const UNKNOWN = 'inv_AAAAAAAAAAAAAAAAAAAAAA';

describe('invoices belong to the customer that they name', () => {
  it.each([
    ['an invoice of somebody else', (own: string) => own],
    ['an unknown one', () => UNKNOWN],
    ['what is no id', () => 'inv_1'],
    ['a path', () => '..%2fhealth%2flive'],
    ['a NUL character', () => 'inv_%00'],
  ])('%s is answered with the same 404, byte by byte', async (_name, idOf) => {
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
  it('are those that the service says it has', () => {
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
  ])('%s %s without %s is a 403 whose challenge names it', async (method, path, scope) => {
    const others = Object.keys(BILLING_SCOPES).filter((other) => other !== scope);
    const claims = { client_id: 'orders-service', scope: others.join(' ') };
    const caller = billing().asUser('orders-service', claims);
    const answer = await (method === 'GET' ? caller.get(path) : caller.post(path, anInvoice()));

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain(
      `error="insufficient_scope", scope="${scope}"`,
    );
  });
});

describe('issuing invoices is for services (RFC 9068 §2.2)', () => {
  it.each([
    ['with a good body', anInvoice({ customer: 'grace' })],
    ['with a bad one', {}],
  ])('a person is refused whatever the scope, %s', async (_name, body) => {
    const grace = billing().asUser('grace', { scope: 'billing:read billing:invoices:create' });
    const answer = await grace.post('/invoices', body);

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="insufficient_scope"/);
    expect((await grace.get('/invoices')).body).toEqual({ invoices: [] });
  });
});

describe('access tokens (RFC 9068 §4)', () => {
  it('every route but health and metadata refuses no token, a wrong audience and a missing scope', async () => {
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

  it('a token for orders is refused', async () => {
    const answer = await billing()
      .asUser('alice', { aud: 'http://localhost:3001' })
      .get('/invoices');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('no token is a 401 that tells where to get one (RFC 9728 §5.1)', async () => {
    const answer = await billing().anonymous().get('/invoices');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer resource_metadata="http://localhost:3002/.well-known/oauth-protected-resource"',
    );
  });

  it('the log says which rule a token broke, and never shows the token', async () => {
    const { issuer, log } = billing();
    const expired = issuer.accessToken({ sub: 'heidi', scope: 'billing:read', exp: 1 });
    const [, claims = '', signature = ''] = expired.split('.');
    await billing().withToken(expired).get('/invoices').expect(401);

    expect(log.join('')).toContain('"refused":"expired"');
    expect(log.join('')).not.toContain(claims);
    expect(log.join('')).not.toContain(signature);
  });
});
