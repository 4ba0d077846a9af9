import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { HealthModule } from '../../src/index.js';
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

  it('refuses what is too much with 503 and Retry-After, and lets what is under way finish', async () => {
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

  it('answers health checks all the same: a busy service is not a dead one', async () => {
    expect((await service.http.get('/health/live')).status).toBe(200);
    release();
    await slow;
  });

  it.each([
    ['before they have sent a body', `${POST_SLOW}content-length: 2\r\n\r\n`],
    ['after it was read', `${POST_SLOW}content-length: 2\r\n\r\n{}`],
    ['and sends none', 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('counts a caller who hangs up %s as gone', async (_when, request) => {
    release();
    await slow;
    const socket = await sent(service, request);
    expect((await service.http.get('/fast')).status).toBe(503);
    socket.destroy();
    await sleep(50);
    expect((await service.http.get('/fast')).status).toBe(200);
    release();
  });

  it('counts what a caller has sent ahead of the answers, until they hang up', async () => {
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
