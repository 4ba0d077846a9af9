import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpException,
  Param,
  Post,
  Query,
  Req,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../src/index.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

const order = z.strictObject({
  product: z.string().max(10),
  lines: z.array(z.object({ 'quantity/unit': z.number() })),
});

@Controller()
class OrdersController {
  @Post('orders')
  place(@Body({ schema: order }) body: z.output<typeof order>) {
    return body;
  }

  @Get('orders/:id')
  read(@Param('id', { schema: z.uuid() }) id: string) {
    return { id };
  }

  @Get('orders')
  list(@Query({ schema: z.object({ limit: z.coerce.number().max(100) }) }) query: object) {
    return query;
  }

  @Get('conflict')
  conflict() {
    throw new ConflictException('It was cancelled already.');
  }

  @Get('wait')
  wait() {
    throw new Problem(429, { detail: 'Slow down.', headers: { 'Retry-After': '7' } });
  }

  @Get('plugin')
  plugin() {
    throw Object.assign(new Error('the plugin at 10.0.0.7 says'), { statusCode: 409 });
  }

  @Get('fault')
  fault() {
    throw new Error('connection to 10.0.0.7 refused');
  }

  @Get('spoken-fault')
  spokenFault() {
    throw new HttpException('connection to 10.0.0.7 refused', 500);
  }

  @Get('thrown-text')
  thrown() {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a careless library may do
    throw 'a string';
  }
}

describe('problem details (RFC 9457)', () => {
  let service: RunningService;

  beforeEach(async () => {
    service = await startService({ controllers: [OrdersController] });
  });
  afterEach(stopServices);

  it.each([
    ['an unknown route', 'GET', '/nothing?access_token=eyJ.secret.x', 404],
    ['a malformed URL', 'GET', '/%zz', 400],
    ['a client error of a plugin', 'GET', '/plugin', 409],
    ['a conflict', 'GET', '/conflict', 409],
    ['a fault', 'GET', '/fault', 500],
  ] as const)(
    'answers %s with problem details that must not be stored',
    async (_, method, path, status) => {
      const answer = await service.http[method === 'GET' ? 'get' : 'post'](path);

      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.body).toMatchObject({ type: 'about:blank', status });
      expect(answer.text).not.toMatch(/secret|10\.0\.0\.7|\bat /);
    },
  );

  it.each([
    ['malformed JSON', 'application/json', '{"product":', 400],
    ['a forbidden member', 'application/json', '{"__proto__":{"admin":true}}', 400],
    [
      'an object whose length cannot be compared',
      'application/json',
      '{"product":{"length":{"toString":1}},"lines":[]}',
      400,
    ],
    ['a text', 'text/plain', 'hello', 415],
    ['XML', 'application/xml', '<order/>', 415],
    ['a form on a service without forms', 'application/x-www-form-urlencoded', 'a=1', 415],
    ['more than 64 KiB', 'application/json', JSON.stringify('x'.repeat(65_536)), 413],
  ])('rejects %s', async (_, type, body, status) => {
    const answer = await service.http.post('/orders').set('Content-Type', type).send(body);

    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.status).toBe(status);
  });

  it('names each invalid member of the body by a JSON Pointer (RFC 6901 §6)', async () => {
    const body = {
      product: 'x'.repeat(11),
      lines: [{ 'quantity/unit': 1 }, { 'quantity/unit': 'two' }],
    };
    const answer = await service.http.post('/orders').send(body).expect(400);

    expect(answer.body.errors).toEqual([
      { pointer: '#/product', detail: expect.stringContaining('10') },
      { pointer: '#/lines/1/quantity~1unit', detail: expect.stringContaining('number') },
    ]);
  });

  it('reports a missing body with a pointer to the whole document', async () => {
    const answer = await service.http.post('/orders').expect(400);
    expect(answer.body.errors).toEqual([{ pointer: '#', detail: expect.any(String) }]);
  });

  it.each([
    ['/orders?limit=1000', 'limit'],
    ['/orders?limit=1&limit=2', 'limit'],
    ['/orders/17', 'id'],
  ])('names the invalid parameter of %s', async (path, parameter) => {
    const answer = await service.http.get(path).expect(400);
    expect(answer.body.errors).toEqual([{ parameter, detail: expect.any(String) }]);
  });

  it('lists at most twenty invalid members', async () => {
    const lines = Array.from({ length: 500 }, () => ({}));
    const answer = await service.http.post('/orders').send({ product: 'x', lines }).expect(400);
    expect(answer.body.errors).toHaveLength(20);
  });

  it('answers with the text and the headers of an HttpException', async () => {
    await service.http.get('/conflict').expect(409, /It was cancelled already\./);
    await service.http
      .get('/wait')
      .expect(429, /Slow down\./)
      .expect('Retry-After', '7');
  });

  it.each(['/fault', '/spoken-fault', '/thrown-text'])(
    'answers %s with the id of the log line and no other detail',
    async (path) => {
      const { body } = await service.http.get(path).expect(500);
      expect(Object.keys(body).sort()).toEqual(['instance', 'status', 'title', 'type']);

      const line = service.log().find(({ level }) => level === 'error');
      expect(body.instance).toBe(`urn:uuid:${String(line?.['reqId'])}`);
      expect(line).toMatchObject({ path, err: { stack: expect.stringContaining(' at ') } });
    },
  );

  it.each([
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['bytes that are not HTTP', 'hello\r\n\r\n', 400],
  ])('answers %s before there is a request', async (_, message, status) => {
    const { port } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(message);
    const answer = await text(socket);

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status });
  });
});

describe('a caller that disconnects in the middle of a body', () => {
  afterEach(stopServices);

  it('logs no error of the service', async () => {
    const service = await startService({ controllers: [OrdersController] });
    const { port, hostname } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), hostname);
    const head = 'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    socket.write(`${head}content-length: 20\r\n\r\n{`);
    await delay(50);
    socket.destroy();
    await delay(50);

    expect(service.logText()).not.toMatch(/unhandled|"level":"error"/);
  });
});

describe('bodies and parameters', () => {
  @Controller()
  class EchoController {
    @Post('echo')
    echo(@Body() body: unknown) {
      return { body };
    }

    @Get('echo')
    query(@Query() query: unknown) {
      return { query };
    }
  }

  afterEach(stopServices);

  it('accepts forms when enabled, and passes a repeated parameter as an array', async () => {
    const { http } = await startService({ controllers: [EchoController] }, { acceptForms: true });

    const form = await http.post('/echo').type('form').send('scope=a&scope=b&code=1').expect(201);
    expect(form.body).toEqual({ body: { scope: ['a', 'b'], code: '1' } });
    const query = await http.get('/echo?scope=a&scope=b').expect(200);
    expect(query.body).toEqual({ query: { scope: ['a', 'b'] } });
    await http
      .post('/echo')
      .type('form')
      .send(`a=${'x'.repeat(65_536)}`)
      .expect(413);
  });

  it('answers 405 with the methods of the route to a request with another method (RFC 9110 §15.5.6)', async () => {
    const { http } = await startService({ controllers: [EchoController] });
    const { headers, body } = await http.put('/echo?token=secret').expect(405);
    expect(new Set(headers['allow']?.split(', '))).toEqual(new Set(['GET', 'HEAD', 'POST']));
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toEqual({ type: 'about:blank', title: 'Method Not Allowed', status: 405 });
    await http.put('/nowhere').expect(404);
    await http.options('/echo').expect(404);
  });

  it('treats a form parameter without a value as omitted (RFC 6749 §3.2)', async () => {
    const { http } = await startService({ controllers: [EchoController] }, { acceptForms: true });
    const sent = 'scope=&resource=a&resource=&state=&state=&code=1&code=2&code=';

    const form = await http.post('/echo').type('form').send(sent).expect(201);
    expect(form.body).toEqual({ body: { resource: 'a', code: ['1', '2'] } });
    const json = await http.post('/echo').send({ scope: '' }).expect(201);
    expect(json.body).toEqual({ body: { scope: '' } });
  });

  it.each([
    [false, 'http'],
    [true, 'https'],
  ])(
    'with trustProxy %s, takes the protocol of the request to be %s',
    async (trustProxy, protocol) => {
      @Controller()
      class ProtocolController {
        @Get('protocol')
        protocol(@Req() request: FastifyRequest) {
          return { protocol: request.protocol };
        }
      }
      const { http } = await startService({ controllers: [ProtocolController] }, { trustProxy });
      const answer = await http.get('/protocol').set('X-Forwarded-Proto', 'https').expect(200);
      expect(answer.body).toEqual({ protocol });
    },
  );

  it('enforces the configured body limit', async () => {
    const { http } = await startService({ controllers: [EchoController] }, { bodyLimit: 100 });
    await http
      .post('/echo')
      .send({ a: 'x'.repeat(80) })
      .expect(201);
    await http
      .post('/echo')
      .send({ a: 'x'.repeat(100) })
      .expect(413);
  });
});
