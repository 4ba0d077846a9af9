import { DpopClient } from '@gatehouse/guards/testing';
import supertest from 'supertest';
import { ordersConfig } from '../../src/orders.config.js';
import { createDpopOptions } from '../../src/used-proofs/dpop.options.js';
import { AUDIENCE, useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();
const partner = new DpopClient();
const ORDERS = { method: 'GET', url: `${AUDIENCE}/orders` };

describe('an access token that is bound to a partner’s key (RFC 9449 §7)', () => {
  const aToken = () =>
    orders().issuer.accessToken({ sub: 'alice', scope: 'orders:read', cnf: partner.cnf });
  const send = async (headers: Readonly<Record<string, string>>) =>
    supertest(await orders().app.getUrl())
      .get('/orders')
      .set(headers);

  it('accepts a bound token with a proof by that key', async () => {
    const { id } = await orders().asUser('alice').placeOrder();
    const { status, body } = await send(partner.headers({ ...ORDERS, accessToken: aToken() }));

    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain(id);
  });

  it('rejects a bound token without a proof and with a used proof', async () => {
    const headers = partner.headers({ ...ORDERS, accessToken: aToken() });
    const bearer = headers['Authorization']?.replace('DPoP', 'Bearer') ?? '';

    expect((await send({ Authorization: bearer })).status).toBe(401);
    expect((await send(headers)).status).toBe(200);
    expect((await send(headers)).status).toBe(401);
  });
});

describe('the expected address in DPoP proofs', () => {
  const baseUrlOf = (env: Readonly<Record<string, string>>) => createDpopOptions(ordersConfig(env));

  it.each([
    ['the audience, which is a URL', {}, { baseUrl: undefined }],
    [
      'the public address',
      { AUDIENCE: 'urn:orders', PUBLIC_URL: 'https://orders.example' },
      { baseUrl: 'https://orders.example' },
    ],
    [
      'no address when the audience is no URL, so bound tokens are rejected',
      { AUDIENCE: 'urn:orders' },
      undefined,
    ],
  ])('expects %s', (_where, env, dpop) => {
    expect(baseUrlOf(env)).toEqual(dpop);
  });

  it('refuses PUBLIC_URL with a query, which no proof can repeat (RFC 9449 §4.2)', () => {
    expect(() => ordersConfig({ PUBLIC_URL: 'https://orders.example/?a' })).toThrow(
      'PUBLIC_URL: must have no query, not "https://orders.example/?a"',
    );
  });
});
