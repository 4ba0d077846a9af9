import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { Clock, type HealthChecks, HealthModule } from '../../src/index.js';
import { ShutdownService } from '../../src/service/shutdown.js';
import { startService, stopServices } from '../support/running-service.js';

const withChecks = (checks: HealthChecks) => ({
  imports: [HealthModule.forRootAsync({ inject: [], useFactory: () => checks })],
});

describe('GET /health', () => {
  afterEach(stopServices);

  it('reports live and ready when every check resolves', async () => {
    const { http } = await startService(withChecks({ database: async () => [{ 1: 1 }] }));

    const live = await http.get('/health/live').expect(200);
    expect(live.body).toEqual({ status: 'up', service: 'demo' });
    const ready = await http.get('/health/ready').expect(200);
    expect(ready.body).toEqual({ status: 'up', checks: { database: 'up' } });
    expect(ready.headers['cache-control']).toBe('no-store');
  });

  it('reports live but not ready when a check rejects, and only the log has the reason', async () => {
    const service = await startService(
      withChecks({
        database: async () => undefined,
        keys: () => Promise.reject(new Error('10.0.0.7 refused')),
      }),
    );

    await service.http.get('/health/live').expect(200);
    const ready = await service.http.get('/health/ready').expect(503);
    expect(ready.body).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      checks: { database: 'up', keys: 'down' },
    });
    expect(service.logText()).toContain('10.0.0.7 refused');
  });

  it('reports a check without an answer as down after its time limit', async () => {
    const { http } = await startService(withChecks({ keys: () => new Promise(() => undefined) }));
    const ready = await http.get('/health/ready').expect(503);
    expect(ready.body.checks).toEqual({ keys: 'down' });
  });

  it('reports a check as down that throws before it returns a promise', async () => {
    const checks = {
      keys: () => {
        throw new Error('at once');
      },
    };
    const { http } = await startService(withChecks(checks));
    await http.get('/health/ready').expect(503);
  });

  it('reports not ready after the begin of shutdown', async () => {
    const { app, http } = await startService(withChecks({}));
    app.get(ShutdownService).onModuleDestroy();
    await http.get('/health/ready').expect(503);
    await http.get('/health/live').expect(200);
  });

  it('appears in the request log at level debug only', async () => {
    const service = await startService(withChecks({}));
    await service.http.get('/health/live').expect(200);
    expect(service.log().filter(({ msg }) => msg === 'request')).toEqual([]);
  });

  it('applies the decorators of its options, so that a guard can allow it', async () => {
    @Injectable()
    class ClosedGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}

      canActivate(context: ExecutionContext): boolean {
        return this.reflector.get<boolean>('public', context.getClass()) === true;
      }
    }
    const providers = [{ provide: APP_GUARD, useClass: ClosedGuard }];
    const open = HealthModule.forRootAsync({
      inject: [Clock],
      useFactory: (clock: Clock) => ({ clock: async () => clock.now() }),
      decorators: [SetMetadata('public', true)],
    });

    const closed = await startService({ ...withChecks({}), providers });
    await closed.http.get('/health/live').expect(403);
    const service = await startService({ imports: [open], providers });
    await service.http.get('/health/ready').expect(200);
  });
});
