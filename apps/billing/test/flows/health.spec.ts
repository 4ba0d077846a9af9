import { setTimeout as delay } from 'node:timers/promises';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();

describe('health', () => {
  it('reports ready only after it has loaded the key set', async () => {
    const { issuer } = billing();
    issuer.fail(500);
    const down = await billing().anonymous().get('/health/ready');
    expect(down.status).toBe(503);
    expect(down.body.checks).toEqual({ database: 'up', keySet: 'down' });
    await billing().asUser('alice').get('/invoices').expect(503);
    await billing().anonymous().get('/health/live').expect(200);

    issuer.up();
    let status = 503;
    while (status === 503) {
      await delay(50);
      ({ status } = await billing().anonymous().get('/health/ready'));
    }
    expect(status).toBe(200);
  });
});

describe('the OpenAPI document', () => {
  it('describes every route with its scheme, body and response', async () => {
    const { body } = await billing().anonymous().get('/docs-json');
    const { post } = body.paths['/invoices'];

    expect(post.security).toEqual([{ 'access-token': ['billing:invoices:create'] }]);
    expect(post.requestBody.content['application/json'].schema.required).toEqual([
      'customer',
      'orderId',
      'amountMinor',
      'currency',
    ]);
    expect(post.responses['201'].content['application/json'].schema.properties).toHaveProperty(
      'amountMinor',
    );
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/invoices', '/invoices/{id}', '/invoices/{id}/pay']),
    );
  });
});
