import { connect, type Socket } from 'node:net';
import { Controller, Get, Header, HttpCode, Post, Redirect } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthModule, type ServiceOptions } from '../../src/index.js';
import { startService, stopServices } from '../support/running-service.js';

@Controller()
class DemoController {
  @Get('empty')
  empty() {
    return { ok: true };
  }
  @Get('jwt')
  @Header('Content-Type', 'application/statuslist+jwt')
  jwt() {
    return 'a.b.c';
  }
  @Get('page')
  @Header('Content-Type', 'text/html; charset=utf-8')
  page() {
    return '<p>Hello</p>';
  }
  @Get('text')
  text() {
    return 'hello';
  }
  @Get('redirect')
  @Redirect('/page', 302)
  redirect() {}
  @Post('done')
  @HttpCode(204)
  done() {}
}

const demo = {
  imports: [HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) })],
  controllers: [DemoController],
};

afterEach(stopServices);

const POLICY = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

const HEADERS_OF_DATA = {
  'content-security-policy': POLICY,
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

const HEADERS_OF_PAGES = {
  ...HEADERS_OF_DATA,
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
};

/** Headers of the protocol, and of the resource itself. */
const OTHERS = [
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'location',
];

const omitOthers = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OTHERS.includes(name)));

describe('the security headers of an answer', () => {
  it.each([
    ['JSON', 'GET', '/empty', 200],
    ['a signed JWT', 'GET', '/jwt', 200],
    ['problem details', 'GET', '/nothing', 404],
    ['problem details for a malformed URL', 'GET', '/%zz', 400],
    ['a health check', 'GET', '/health/live', 200],
    ['an answer without content', 'POST', '/done', 204],
  ] as const)(
    'the service sends the headers that protect data, for %s',
    async (_what, method, path, status) => {
      const { http } = await startService(demo);
      const { headers } = await http[method === 'GET' ? 'get' : 'post'](path).expect(status);
      expect(omitOthers(headers)).toEqual(HEADERS_OF_DATA);
    },
  );

  it.each([
    ['a page', '/page', 200],
    ['a text, which a browser shows', '/text', 200],
    ['a redirect', '/redirect', 302],
  ])('the service sends the headers that protect pages, for %s', async (_what, path, status) => {
    const { http } = await startService(demo);
    const { headers } = await http.get(path).expect(status);
    expect(omitOthers(headers)).toEqual(HEADERS_OF_PAGES);
  });

  it.each(['/empty', '/page', '/%zz'])(
    'require https for %s when clients use https (RFC 6797 §7.2)',
    async (path) => {
      const { http } = await startService(demo, { https: true });
      const { headers } = await http.get(path);
      expect(headers['strict-transport-security']).toMatch(/^max-age=31536000/);
    },
  );
});

/** Fastify keeps the hooks of an instance under a symbol: the functions by phase. */
function countHooks(app: NestFastifyApplication): Record<string, number> {
  const fastify = app.getHttpAdapter().getInstance();
  const key = Object.getOwnPropertySymbols(fastify).find(
    ({ description }) => description === 'fastify.hooks',
  );
  const hooks: Record<string, unknown> = Reflect.get(fastify, key ?? '');
  const phases = Object.entries(hooks).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].length > 0,
  );
  return Object.fromEntries(phases.map(([phase, { length }]) => [phase, length]));
}

/** The hooks that a service adds to those of Nest's own adapter. */
async function countAddedHooks(options: Partial<ServiceOptions>): Promise<Record<string, number>> {
  const bare = await NestFactory.create<NestFastifyApplication>(
    class BareModule {},
    new FastifyAdapter(),
    { logger: false },
  );
  await bare.init();
  const usual = countHooks(bare);
  await bare.close();
  const { app } = await startService(demo, options);
  const added = Object.entries(countHooks(app)).map(
    ([phase, count]) => [phase, count - (usual[phase] ?? 0)] as const,
  );
  const isPerRequest = (phase: string) => !['onRoute', 'onRegister', 'onClose'].includes(phase);
  return Object.fromEntries(added.filter(([phase, count]) => isPerRequest(phase) && count > 0));
}

describe('the path of a request', () => {
  const OFF = { onRequest: 5, preValidation: 1, onSend: 3, onResponse: 1 };

  it('the service has no hook of a feature that the operator left off', async () => {
    expect(await countAddedHooks({ corsOrigins: [], metrics: undefined })).toEqual(OFF);
  });

  it.each([
    ['CORS', { corsOrigins: ['https://app.example.com'] }, { onRequest: 6 }],
    ['metrics', { metrics: { host: '127.0.0.1', port: 0 } }, { onResponse: 2 }],
    ['forms', { acceptForms: true }, { preValidation: 2 }],
    ['a trusted proxy', { trustProxy: 1 }, { onRequest: 6 }],
  ] as const)('has one hook more with %s', async (_feature, options, more) => {
    expect(await countAddedHooks(options)).toEqual({ ...OFF, ...more });
  });

  it('sets at most one timer and makes no abort controller for a thousand requests', async () => {
    const service = await startService(demo);
    const socket = await openConnection(await service.app.getUrl());
    const made = { timers: 0, controllers: 0 };
    const { setTimeout: setTimer, AbortController: Original } = globalThis;
    globalThis.setTimeout = Object.assign(
      (...args: Parameters<typeof setTimer>) => ((made.timers += 1), setTimer(...args)),
      setTimer,
    );
    globalThis.AbortController = class extends Original {
      constructor() {
        super();
        made.controllers += 1;
      }
    };
    try {
      await exchange(socket, 'GET /empty HTTP/1.1\r\nhost: x\r\n\r\n', 1_000);
    } finally {
      Object.assign(globalThis, { setTimeout: setTimer, AbortController: Original });
      socket.destroy();
    }
    expect(made.controllers).toBe(0);
    expect(made.timers).toBeLessThanOrEqual(1);
  });
});

async function openConnection(url: string): Promise<Socket> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Sends requests on one connection, each after the answer to the one before. */
async function exchange(socket: Socket, request: string, times: number): Promise<void> {
  for (let sent = 0; sent < times; sent += 1) {
    socket.write(request);
    const [line] = await new Promise<string[]>((resolve) =>
      socket.once('data', (data) => resolve(data.toString().split('\r\n'))),
    );
    expect(line).toBe('HTTP/1.1 200 OK');
  }
}
