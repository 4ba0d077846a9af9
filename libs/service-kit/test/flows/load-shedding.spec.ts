import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { HealthModule } from '../../src/index.js';
import { waitUntil } from '../../testing/index.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

let release: () => void = () => undefined;

@Controller()
class SlowController {
  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => (release = resolve));
    return { ok: true };
  }
  @Post('slow')
  slowToo() {
    return this.slow();
  }
  @Get('large')
  large() {
    return 'x'.repeat(8_000_000);
  }
  @Get('fast')
  fast() {
    return { ok: true };
  }
}

@Module({ imports: [HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) })] })
class Health {}

const POST_SLOW = 'POST /slow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

async function sent({ app }: RunningService, text: string): Promise<Socket> {
  const { port, hostname } = new URL(await app.getUrl());
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write(text);
  await sleep(100);
  return socket;
}

describe('back-pressure (RFC 9110 §15.6.4)', () => {
  let service: RunningService;
  let slow: Promise<{ status: number }>;

  beforeEach(async () => {
    const metadata = { controllers: [SlowController], imports: [Health] };
    service = await startService(metadata, { requestsInFlight: 1 });
    slow = service.http.get('/slow').then(({ status }) => ({ status }));
    await sleep(100);
  });
  afterEach(stopServices);

  it('refuses excess requests with 503 and Retry-After, and finishes the requests in flight', async () => {
    const refused = await service.http.get('/fast');
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'content-type': expect.stringContaining('application/problem+json'),
    });
    release();
    expect(await slow).toEqual({ status: 200 });
    expect((await service.http.get('/fast')).status).toBe(200);
  });

  it('answers health checks while it refuses other requests', async () => {
    expect((await service.http.get('/health/live')).status).toBe(200);
    release();
    await slow;
  });

  it.each([
    ['after the service has read the body', `${POST_SLOW}content-length: 2\r\n\r\n{}`],
    ['after a request without a body', 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('stops counting the requests of a caller that disconnects %s', async (_when, request) => {
    release();
    await slow;
    const socket = await sent(service, request);
    expect((await service.http.get('/fast')).status).toBe(503);
    socket.destroy();
    await sleep(50);
    expect((await service.http.get('/fast')).status).toBe(200);
    release();
  });

  it.each([
    ['has sent no byte of its body', `${POST_SLOW}content-length: 2\r\n\r\n`],
    ['has sent a part of its body', `${POST_SLOW}content-length: 2\r\n\r\n{`],
    ['has sent a part of a chunk', `${POST_SLOW}transfer-encoding: chunked\r\n\r\n5\r\n{`],
    ['has not ended its headers', POST_SLOW],
  ])('answers others while 45 callers hold a connection of which each %s', async (_what, head) => {
    release();
    await slow;
    const sockets = await Promise.all(Array.from({ length: 45 }, () => sent(service, head)));
    expect((await service.http.get('/fast')).status).toBe(200);
    expect((await service.http.get('/health/ready')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it('frees the place of a request whose answer its caller does not read', async () => {
    release();
    await slow;
    const socket = await sent(service, '');
    socket.pause();
    const request = 'GET /large HTTP/1.1\r\nhost: x\r\n\r\n';
    socket.write(request.repeat(20));
    await waitUntil(async () => (await service.http.get('/fast')).status === 200);
    expect((await service.http.get('/fast')).status).toBe(200);
    socket.destroy();
  });

  it('reports readiness 503 when all places are taken for longer than two seconds', async () => {
    expect((await service.http.get('/health/ready')).status).toBe(200);
    await waitUntil(async () => (await service.http.get('/health/ready')).status === 503);
    expect((await service.http.get('/health/live')).status).toBe(200);
    release();
    await slow;
    expect((await service.http.get('/health/ready')).status).toBe(200);
  });

  it('counts the pipelined requests of a caller until it disconnects', async () => {
    release();
    await slow;
    const wide = await startService({ controllers: [SlowController] }, { requestsInFlight: 3 });
    const socket = await sent(wide, `${POST_SLOW}content-length: 2\r\n\r\n{}`.repeat(3));
    expect((await wide.http.get('/fast')).status).toBe(503);
    socket.destroy();
    await sleep(50);
    expect((await wide.http.get('/fast')).status).toBe(200);
  });
});
