import { status } from '@grpc/grpc-js';
import type { INestMicroservice } from '@nestjs/common';
import type { Rejection } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { callGrpc, grpcOptions, OrdersService } from '../../support/grpc-service.js';
import { startMicroservice } from '../../support/guarded-messages.js';
import { freePort } from '../../support/free-port.js';
import { it } from '../../support/slow-test.js';

let issuer: TestIssuer;
let app: INestMicroservice;
let port: number;
let rejections: Rejection[];

beforeEach(async () => {
  rejections = [];
  issuer = await TestIssuer.start();
  port = await freePort();
  const onRejected = (rejection: Rejection) => rejections.push(rejection);
  const guards = { ...issuer.options, onRejected };
  app = await startMicroservice({ guards, controllers: [OrdersService] }, grpcOptions(port));
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const reader = () => `Bearer ${issuer.accessToken({ scope: 'orders:read' })}`;
const reasons = () => rejections.map(({ reason }) => reason);

describe.each([
  ['one request, one response', 'Find', ['alice']],
  ['one request, many responses', 'Watch', ['1', '1']],
  ['many requests, one response', 'Count', ['1']],
  ['many requests, many responses', 'Place', ['1']],
  ['many requests, one response, as a stream of gRPC', 'Sum', ['sum']],
  ['many requests, many responses, as a stream of gRPC', 'Mirror', ['1']],
])('gRPC call with %s', (_kind, method, orders) => {
  it('returns an answer for a token with the scope', async () => {
    expect(await callGrpc(port, method, reader())).toMatchObject({ code: status.OK, orders });
    expect(rejections).toEqual([]);
  });

  it('fails with UNAUTHENTICATED without a token', async () => {
    expect(await callGrpc(port, method)).toEqual({
      orders: [],
      code: status.UNAUTHENTICATED,
      details: expect.stringMatching(/^Bearer (?!error)/),
    });
    expect(app.get(OrdersService).handled).toBe(0);
    expect(reasons()).toEqual(['no_token']);
  });

  it('fails with UNAVAILABLE while the key set is unavailable', async () => {
    issuer.fail();

    expect(await callGrpc(port, method, reader())).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'Service Unavailable',
    });
  });
});

describe('gRPC call', () => {
  it('fails with UNAUTHENTICATED for an expired token', async () => {
    const token = issuer.accessToken({ scope: 'orders:read', exp: 1 });

    expect(await callGrpc(port, 'Find', `Bearer ${token}`)).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining('error="invalid_token"'),
    });
    expect(reasons()).toEqual(['expired']);
  });

  it('fails with PERMISSION_DENIED without the scope and names the scope', async () => {
    expect(await callGrpc(port, 'Cancel', reader())).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('scope="orders:read orders:write"'),
    });
    expect(app.get(OrdersService).handled).toBe(0);
  });

  it('fails with INVALID_ARGUMENT for malformed credentials', async () => {
    expect(await callGrpc(port, 'Find', 'Bearer a b')).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    expect(rejections).toHaveLength(1);
  });
});
