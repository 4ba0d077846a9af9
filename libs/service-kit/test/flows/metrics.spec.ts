import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { Metrics } from '../../src/index.js';
import { serveMetrics } from '../../src/service/metrics-server.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

@Controller('orders')
class OrdersController {
  @Get(':id')
  one(@Param('id') id: string) {
    if (id === 'gone') throw new NotFoundException();
    return { id };
  }
}

const freePort = { host: '127.0.0.1', port: 0 };

describe('metrics in the text format of Prometheus', () => {
  let service: RunningService;
  let address: string;

  beforeAll(async () => {
    service = await startService({ controllers: [OrdersController] }, { metrics: freePort });
    const server = await serveMetrics(service.app, freePort);
    const at = server.address();
    address = `http://127.0.0.1:${typeof at === 'object' ? at?.port : ''}`;
  });
  afterAll(stopServices);

  const scraped = async () => (await fetch(`${address}/metrics`)).text();

  it('counts requests by declared route and status, and creates no series per path', async () => {
    for (const id of ['1', '2', 'gone']) await service.http.get(`/orders/${id}`);
    await service.http.get('/nowhere?token=secret');
    const text = await scraped();
    const count = 'http_server_request_duration_seconds_count';
    expect(text).toContain(`${count}{method="GET",route="/orders/:id",status="200"} 2`);
    expect(text).toContain(`${count}{method="GET",route="/orders/:id",status="404"} 1`);
    expect(text).not.toMatch(/nowhere|secret|gone/);
  });

  it('shows the metrics of the service, and leaves out a gauge without a value', async () => {
    const metrics = service.app.get(Metrics);
    metrics.counter({ name: 'demo_total', help: 'Demo.', labels: ['reason'] }).inc({ reason: 'a' });
    let age: number | undefined = 3;
    metrics.gauge({ name: 'demo_age_seconds', help: 'Demo.' }, () => age);
    expect(await scraped()).toMatch(/demo_total\{reason="a"\} 1[^]*demo_age_seconds 3/);
    age = undefined;
    expect(await scraped()).toMatch(/demo_age_seconds nan/i);
  });

  it('shows a known series of a counter as 0 before its first event', async () => {
    const outcomes = ['won', 'lost'].map((outcome) => ({ outcome }));
    const description = { name: 'demo_games_total', help: 'Demo.', labels: ['outcome'] as const };
    const counter = service.app.get(Metrics).counter({ ...description, series: outcomes });
    counter.inc({ outcome: 'won' });
    expect(await scraped()).toMatch(/demo_games_total\{outcome="won"\} 1\n.*outcome="lost"\} 0/);
  });

  it('shows the series of a gauge that the last read returned, and no other', async () => {
    let kids = ['a', 'b'];
    const description = { name: 'demo_keys', help: 'Demo.', labels: ['kid'] as const };
    service.app
      .get(Metrics)
      .labelledGauge(description, () => kids.map((kid) => ({ labels: { kid }, value: 1 })));
    expect(await scraped()).toMatch(/demo_keys\{kid="a"\} 1\ndemo_keys\{kid="b"\} 1/);
    kids = ['b'];
    expect(await scraped()).not.toContain('demo_keys{kid="a"}');
  });

  it('shows the requests in flight', async () => {
    expect(await scraped()).toMatch(/^http_server_active_requests 0$/m);
  });

  it('shows the other metrics when one gauge fails, as with an unavailable database', async () => {
    service.app.get(Metrics).gauge({ name: 'demo_lag_seconds', help: 'Demo.' }, async () => {
      throw new Error('connection refused');
    });
    expect(await scraped()).toMatch(/demo_total[^]*demo_lag_seconds nan/i);
  });

  it('serves the metrics on their separate port only', async () => {
    expect((await service.http.get('/metrics')).status).toBe(404);
    expect((await fetch(`${address}/orders/1`)).status).toBe(404);
  });

  it('includes metrics of the process', async () => {
    expect(await scraped()).toMatch(/process_cpu_seconds_total|nodejs_eventloop_lag_seconds/);
  });
});

describe('a service without a port for metrics', () => {
  afterAll(stopServices);

  it('does not measure its requests', async () => {
    const service = await startService({ controllers: [OrdersController] });
    await service.http.get('/orders/1').expect(200);
    const text = await service.app.get(Metrics).renderText();
    expect(text).not.toContain('http_server_request_duration_seconds');
  });
});
