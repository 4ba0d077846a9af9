import { once } from 'node:events';
import { connect } from 'node:net';
import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { waitUntil } from '../../testing/index.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

@Controller()
class AddressController {
  @Get('address')
  address(@Req() { ip, protocol }: FastifyRequest) {
    return { ip, protocol };
  }
}

const start = (trustProxy: boolean | number | readonly string[]) =>
  startService({ controllers: [AddressController] }, { trustProxy });

async function addressOf({ http }: RunningService, forwardedFor: string): Promise<string> {
  const { body } = await http.get('/address').set('X-Forwarded-For', forwardedFor).expect(200);
  return body.ip;
}

afterEach(stopServices);

describe('the address of a client behind a proxy', () => {
  it.each([
    [false, '203.0.113.7', '127.0.0.1'],
    [true, '203.0.113.7:50012', '203.0.113.7'],
    [true, '198.51.100.1, 203.0.113.7', '198.51.100.1'],
    [1, '10.1.0.1, 203.0.113.9', '203.0.113.9'],
    [1, 'forged, 203.0.113.9:4711', '203.0.113.9'],
    [2, '198.51.100.1, 203.0.113.7, 203.0.113.9', '203.0.113.7'],
    [2, '198.51.100.1', '198.51.100.1'],
    [['loopback', '203.0.113.0/24'], '198.51.100.1, 203.0.113.9', '198.51.100.1'],
    [['loopback'], '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    [['10.0.0.0/8'], '203.0.113.9', '127.0.0.1'],
    [1, '"[2001:db8::1]:4711"', '2001:db8::1'],
    [1, 'unknown', '127.0.0.1'],
    [1, '_hidden', '127.0.0.1'],
    [1, ' , ,', '127.0.0.1'],
    [2, 'unknown, 203.0.113.9', '203.0.113.9'],
  ])('with TRUST_PROXY=%j and X-Forwarded-For %j is %s', async (trustProxy, field, address) => {
    expect(await addressOf(await start(trustProxy), field)).toBe(address);
  });

  it('logs an unreadable address once, with the entry and the address that is used', async () => {
    const service = await start(1);
    for (const entry of ['unknown', '_a', '_b']) await addressOf(service, entry);
    const lines = service.log().filter(({ context }) => context === 'TrustProxy');
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: expect.stringMatching(/"unknown".*The address 127\.0\.0\.1 is used instead/),
      }),
    ]);
  });

  it('logs nothing when the sender is no proxy', async () => {
    const service = await start(['10.0.0.0/8']);
    await addressOf(service, 'unknown');
    expect(service.logText()).not.toContain('TrustProxy');
  });

  it.each(['Forwarded', 'X-Real-IP', 'CF-Connecting-IP'])(
    'ignores the field %s, because a proxy that writes X-Forwarded-For passes it on',
    async (name) => {
      const { http } = await start(1);
      const { body } = await http.get('/address').set(name, 'for=203.0.113.7').expect(200);
      expect(body.ip).toBe('127.0.0.1');
    },
  );
});

describe('connections of one address', () => {
  const openConnections = async ({ app }: RunningService, count: number) => {
    const { port } = new URL(await app.getUrl());
    const sockets = Array.from({ length: count }, () =>
      connect(Number(port), '127.0.0.1').on('error', () => undefined),
    );
    const closed = new Set<object>();
    for (const socket of sockets) socket.once('close', () => closed.add(socket));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return { sockets, closed };
  };

  it('closes connections beyond the limit, with one log line that names the setting', async () => {
    const service = await startService(
      { controllers: [AddressController] },
      { connectionsPerAddress: 5 },
    );
    const { sockets, closed } = await openConnections(service, 12);
    await waitUntil(() => closed.size === 7);
    expect(service.log().filter(({ context }) => context === 'Connections')).toEqual([
      expect.objectContaining({ msg: expect.stringContaining('MAX_CONNECTIONS_PER_ADDRESS') }),
    ]);

    for (const socket of sockets) socket.destroy();
    await waitUntil(async () => {
      const answer = await service.http.get('/address').catch(() => undefined);
      return answer?.status === 200;
    });
  });

  it.each([[['loopback']], [1], [true]])(
    'are not limited for a proxy of TRUST_PROXY=%j',
    async (trustProxy) => {
      const service = await startService(
        { controllers: [AddressController] },
        { connectionsPerAddress: 2, trustProxy },
      );
      const { sockets } = await openConnections(service, 6);
      await service.http.get('/address').expect(200);
      expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
      for (const socket of sockets) socket.destroy();
    },
  );
});
