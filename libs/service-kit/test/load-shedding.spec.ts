import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import { HealthModule } from '../src/index.js';
import { aService, type RunningService, stopServices } from './service.js';

let release: () => void = () => undefined;

@Controller()
class SlowController {
  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => (release = resolve));
    return { ok: true };
  }
  @Get('fast')
  fast() {
    return { ok: true };
  }
}

@Module({ imports: [HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) })] })
class Health {}

describe('back-pressure (RFC 9110 §15.6.4)', () => {
  let service: RunningService;
  let slow: Promise<{ status: number }>;

  beforeEach(async () => {
    const metadata = { controllers: [SlowController], imports: [Health] };
    service = await aService(metadata, { requestsInFlight: 1 });
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

  it('counts a caller who hung up as gone', async () => {
    release();
    await slow;
    const url = `${await service.app.getUrl()}/slow`;
    const aborted = fetch(url, { signal: AbortSignal.timeout(100) });
    await expect(aborted).rejects.toThrow();
    await sleep(50);
    expect((await service.http.get('/fast')).status).toBe(200);
    release();
  });
});
