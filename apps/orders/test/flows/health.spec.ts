import { setTimeout as delay } from 'node:timers/promises';
import { useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();

describe('health', () => {
  it('reports ready only after it has loaded the key set', async () => {
    const { issuer } = orders();
    issuer.fail(500);
    const down = await orders().anonymous().get('/health/ready');
    expect(down.status).toBe(503);
    expect(down.body.checks).toEqual({ database: 'up', keySet: 'down' });
    await orders().asUser('alice').get('/orders').expect(503);
    await orders().anonymous().get('/health/live').expect(200);

    issuer.up();
    let status = 503;
    while (status === 503) {
      await delay(50);
      ({ status } = await orders().anonymous().get('/health/ready'));
    }
    expect(status).toBe(200);
  });
});

describe('the OpenAPI document', () => {
  it('describes every route with its scheme, body and response', async () => {
    const { body } = await orders().anonymous().get('/docs-json');
    const { post } = body.paths['/orders'];

    expect(post.security).toEqual([{ 'access-token': ['orders:write'] }]);
    expect(post.requestBody.content['application/json'].schema.required).toEqual([
      'items',
      'currency',
    ]);
    expect(post.responses['201'].content['application/json'].schema.properties).toHaveProperty(
      'totalMinor',
    );
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/orders',
        '/orders/{id}',
        '/orders/{id}/cancel',
        '/orders/{id}/invoice',
      ]),
    );
    const cancel = body.paths['/orders/{id}/cancel'].post;
    const headers = cancel.parameters.filter(
      (parameter: { in: string }) => parameter.in === 'header',
    );
    expect(headers).toEqual([expect.objectContaining({ name: 'If-Match', required: true })]);
    expect(Object.keys(cancel.responses)).toEqual(
      expect.arrayContaining(['200', '404', '409', '412', '428']),
    );
    expect(body.paths['/orders'].get.security).toEqual([
      { 'access-token': ['orders:read'] },
      { 'access-token': ['orders:read:any'] },
    ]);
  });
});
