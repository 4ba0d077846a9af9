import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Logger, Module, Post } from '@nestjs/common';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { startTracingWith } from '../../src/tracing/tracing.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

const NEXT = Symbol('NEXT');

@Controller()
class FrontController {
  constructor(@Inject(NEXT) private readonly next: () => string) {}
  @Get('front/:id')
  async front() {
    new Logger('Front').log('asking the next service');
    const answer = await fetch(`${this.next()}/back?code=secret`, {
      headers: { authorization: 'Bearer eyJ.secret.token' },
    });
    return answer.json();
  }
}

@Controller()
class BackController {
  @Get('back')
  back() {
    return { ok: true };
  }
  @Post('slow')
  async slow() {
    await sleep(300);
    return { ok: true };
  }
}

describe('traces across services (W3C Trace Context)', () => {
  const exporter = new InMemorySpanExporter();
  let stop: () => Promise<void>;
  let front: RunningService;
  let backUrl = '';

  beforeAll(async () => {
    stop = startTracingWith(new SimpleSpanProcessor(exporter), { name: 'demo', ratio: 1 });
    const back = await startService({ controllers: [BackController] });
    backUrl = await back.app.getUrl();

    @Module({})
    class Unused {}
    front = await startService({
      imports: [Unused],
      controllers: [FrontController],
      providers: [{ provide: NEXT, useValue: () => backUrl }],
    });
  });
  afterAll(async () => {
    await stopServices();
    await stop();
  });

  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const PARENT = 'b7ad6b7169203331';

  it('continue from the caller through the service to the next service', async () => {
    await front.http.get('/front/1').set('traceparent', `00-${TRACE}-${PARENT}-01`).expect(200);
    const spans = exporter.getFinishedSpans();
    const chain = spans.map((span) => [span.name, span.parentSpanContext?.spanId]);
    const idOf = (name: string) => spans.find((span) => span.name === name)?.spanContext().spanId;
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
    const host = new URL(backUrl).host;
    expect(chain).toEqual([
      ['GET /back', idOf(`GET ${host}`)],
      [`GET ${host}`, idOf('GET /front/:id')],
      ['GET /front/:id', PARENT],
    ]);
  });

  it('contain no token, code or path of a request in any attribute', () => {
    const spans = exporter.getFinishedSpans();
    const told = JSON.stringify(
      spans.map(({ name, attributes, events }) => [name, attributes, events]),
    );
    expect(spans.length).toBeGreaterThan(0);
    expect(told).not.toMatch(/secret|code=|Bearer|front\/1/);
  });

  it('adds the trace id to the log lines of the request', () => {
    const lines = front.log().filter(({ traceId }) => traceId === TRACE);
    expect(lines.map(({ msg }) => msg)).toEqual(['asking the next service', 'request']);
  });

  it('records no span when the caller has decided against it', async () => {
    exporter.reset();
    await front.http.get('/front/1').set('traceparent', `00-${TRACE}-${PARENT}-00`).expect(200);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('end without a status when the caller disconnects', async () => {
    exporter.reset();
    const hangUp = fetch(`${backUrl}/slow`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(100),
    });
    await expect(hangUp).rejects.toThrow();
    await sleep(50);
    const told = exporter.getFinishedSpans().filter(({ name }) => name === 'POST /slow');
    expect(told.map(({ attributes }) => attributes)).toEqual([
      { 'http.request.method': 'POST', 'http.route': '/slow' },
    ]);
  });

  it('start anew when the header is malformed', async () => {
    exporter.reset();
    await front.http.get('/front/1').set('traceparent', '00-zz-zz-01').expect(200);
    const [span] = exporter.getFinishedSpans();
    expect(span?.spanContext().traceId).toMatch(/^(?!0af76)[\da-f]{32}$/);
  });
});
