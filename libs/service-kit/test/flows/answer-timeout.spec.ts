import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConflictException, Controller, Get, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ArrivalHook, AskAgainException, getArrival, HealthModule } from '../../src/index.js';
import { waitUntil } from '../../testing/index.js';
import { startService, stopServices } from '../support/running-service.js';

describe('an answer that takes too long (RFC 9110 §15.6.4)', () => {
  afterEach(async () => {
    releaseAll();
    await stopServices();
  });

  @Controller()
  class SlowController {
    @Get('slow')
    async slow() {
      await delay(200);
      return { ok: true };
    }
    @Post('slow')
    slowToo() {
      return this.slow();
    }
    @Get('failing')
    async failing() {
      await delay(200);
      throw new ConflictException();
    }
  }

  it.each(['/slow', '/failing'])(
    'is replaced by 503 with Retry-After, and the late result of %s is dropped',
    async (path) => {
      const service = await startService(
        { controllers: [SlowController] },
        { answerTimeoutMs: 50 },
      );
      const answer = await service.http.get(path);
      await delay(250);

      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({
        'content-type': expect.stringContaining('application/problem+json'),
        'retry-after': '1',
      });
      expect(service.logText()).not.toMatch(/unhandled|"level":"error"/);
    },
  );

  it.each([
    ['with a body', { some: 'body' }],
    ['without a body', undefined],
  ])('is replaced by 503 with Retry-After for a POST %s', async (_what, body) => {
    const service = await startService({ controllers: [SlowController] }, { answerTimeoutMs: 50 });
    const { status, headers } = await service.http.post('/slow').send(body);
    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'retry-after': '1' });
  });

  it('ends when a request may take no further step: both follow `answerTimeoutMs`', async () => {
    let outcome: Promise<unknown> | undefined;
    @Controller()
    class StepController {
      @Post('step')
      step(@Req() request: FastifyRequest) {
        const arrival = getArrival(request);
        arrival.checkStillWanted();
        outcome = delay(80)
          .then(() => arrival.checkStillWanted())
          .catch((error: unknown) => error);
        return outcome;
      }
    }
    const service = await startService(
      { controllers: [StepController], providers: [ArrivalHook] },
      { answerTimeoutMs: 50 },
    );
    await service.http.post('/step').expect(503);
    expect(await outcome).toBeInstanceOf(AskAgainException);
  });

  it('the service replaces the late answer of a health check too', async () => {
    const health = HealthModule.forRootAsync({
      inject: [],
      useFactory: () => ({ database: () => delay(200) }),
    });
    const service = await startService({ imports: [health] }, { answerTimeoutMs: 50 });
    const { status, body } = await service.http.get('/health/ready');
    expect(status).toBe(503);
    expect(body.detail).toBe('The service did not answer in time.');
  });

  const POST_HEAD =
    'HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n';

  it('counts the time of the handler from the end of the body', async () => {
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 500 });
    const { port, hostname } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), hostname);
    socket.write(`POST /after/300 ${POST_HEAD}{`);
    await delay(300);
    socket.write('}');
    const answer = await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 201 /);
  });

  it('the service replaces a late answer while it still reads the body', async () => {
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 50 });
    const { port, hostname } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), hostname);
    socket.write(`POST /after/0 ${POST_HEAD}{`);
    const answer = await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('the service counts the time of each request by itself: it answers a later request after the 503 of an earlier one', async () => {
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 500 });
    const earlier = service.http.get('/held/earlier').then(({ status }) => status);
    await delay(300);
    const later = service.http.get('/held/later').then(({ status }) => status);
    expect(await earlier).toBe(503);
    releaseAll();
    expect(await later).toBe(200);
  });

  it('leaves the connection open for the next request', async () => {
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 50 });
    const { port, hostname } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.on('data', (data) => (received += data.toString()));
    socket.write('GET /held/1 HTTP/1.1\r\nhost: x\r\n\r\nGET /fast HTTP/1.1\r\nhost: x\r\n\r\n');
    await waitUntil(() => received.includes('"ok":true'));
    socket.destroy();
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200']);
  });

  it('the service replaces each of a thousand late answers, and frees all places', async () => {
    const service = await startService(
      { controllers: [HeldController] },
      { answerTimeoutMs: 300, requestsInFlight: 1_000 },
    );
    const { port, hostname } = new URL(await service.app.getUrl());
    const request = 'GET /held/1 HTTP/1.1\r\nhost: x\r\n\r\n';
    let received = '';
    const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname));
    for (const socket of sockets) {
      socket.on('data', (data) => (received += data.toString()));
      socket.write(request.repeat(50));
    }
    const countAnswers = () => received.match(/HTTP\/1\.1 503/g)?.length;
    await waitUntil(() => countAnswers() === 1_000);
    expect(received).not.toContain('HTTP/1.1 200');
    for (const socket of sockets) socket.destroy();
    releaseAll();
    await service.http.get('/fast').expect(200);
    expect(service.logText()).not.toMatch(/unhandled|"level":"error"/);
  });

  it('gives each request one answer when its handler ends at the bound', async () => {
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 50 });
    const url = await service.app.getUrl();
    const asks = Array.from({ length: 100 }, (_, n) => fetch(`${url}/after/${45 + (n % 10)}`));
    const statuses = await Promise.all(asks.map(async (ask) => (await ask).status));
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(service.logText()).not.toMatch(/unhandled|"level":"error"/);
  });

  it('the service sends no 503 to a caller that disconnected before', async () => {
    // On a busy machine the service may notice the end of the connection late.
    const service = await startService({ controllers: [HeldController] }, { answerTimeoutMs: 800 });
    const { port, hostname } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), hostname);
    socket.write('GET /held/gone HTTP/1.1\r\nhost: x\r\n\r\n');
    await waitUntil(() => held.length === 1);
    socket.destroy();
    // Its time ends after that of the caller that disconnected.
    await service.http.get('/held/next').expect(503);
    releaseAll();
    expect(service.log().filter(({ path }) => path === '/held/gone')).toEqual([]);
  });
});

const held: (() => void)[] = [];
const releaseAll = () => held.splice(0).forEach((release) => release());

@Controller()
class HeldController {
  @Get('held/:name')
  async hold() {
    await new Promise<void>((resolve) => held.push(resolve));
    return { ok: true };
  }
  @Get('fast')
  fast() {
    return { ok: true };
  }
  @Get('after/:ms')
  async after(@Param('ms') ms: string) {
    await delay(Number(ms));
    return { ok: true };
  }
  @Post('after/:ms')
  afterBody(@Param('ms') ms: string) {
    return this.after(ms);
  }
}
