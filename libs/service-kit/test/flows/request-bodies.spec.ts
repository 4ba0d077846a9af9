import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { All, Body, Controller } from '@nestjs/common';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

@Controller()
class EchoController {
  @All('echo')
  echo(@Body() body: unknown) {
    return { body: body ?? null };
  }
}

const EMPTY = { body: null };
/** An empty form is a form without parameters. */
const FORM = 'application/x-www-form-urlencoded';
const TYPES = [
  'application/json',
  'Application/JSON; Charset=UTF-8',
  'application/json;',
  FORM,
  'text/plain',
  'application/octet-stream',
  'multipart/form-data; boundary=x',
  'no type at all',
  'json',
  '',
  'application/json; charset',
];

/** Sends bytes and reads the status and the JSON of the answer. */
async function exchange({ app }: RunningService, message: string) {
  const { port } = new URL(await app.getUrl());
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(message);
  let answer = '';
  while (!/\r\n\r\n[^]*\}$/.test(answer)) {
    const [bytes] = await once(socket, 'data');
    answer += String(bytes);
  }
  socket.destroy();
  return {
    status: Number(answer.split(' ')[1]),
    body: JSON.parse(answer.slice(answer.lastIndexOf('\r\n\r\n'))),
  };
}

const head = (method: string, type: string) =>
  `${method} /echo HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n`;

describe('a request without content (RFC 9110 §8.3)', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService({ controllers: [EchoController] }, { acceptForms: true });
  });
  afterAll(stopServices);

  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  it.each(methods.flatMap((method) => TYPES.map((type) => [method, type] as const)))(
    'is answered like one without a type: %s with %s',
    async (method, type) => {
      const messages = [
        `${head(method, type)}\r\n`,
        `${head(method, type)}content-length: 0\r\n\r\n`,
        `${head(method, type)}content-length: 00\r\n\r\n`,
        `${head(method, type)}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`,
      ];
      for (const message of messages) {
        const { status, body } = await exchange(service, message);
        expect({ message, status: Math.floor(status / 100), body }).toEqual({
          message,
          status: 2,
          body: type === FORM && method !== 'GET' ? { body: {} } : EMPTY,
        });
      }
    },
  );

  it.each(['application/json', 'text/plain', 'application/octet-stream'])(
    'can be chunked: %s',
    async (type) => {
      const message = `${head('POST', type)}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`;
      expect(await exchange(service, message)).toEqual({ status: 200, body: EMPTY });
    },
  );
});

describe('content', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await startService({ controllers: [EchoController] }, { acceptForms: true });
  });
  afterAll(stopServices);

  it.each([
    ['APPLICATION/JSON', '{"a":"1"}'],
    ['application/json; charset=utf-8', '{"a":"1"}'],
    ['application/json;', '{"a":"1"}'],
    ['application/json ; charset="UTF-8"', '{"a":"1"}'],
    ['Application/X-WWW-Form-Urlencoded; charset=UTF-8', 'a=1'],
  ])('is read when its type is %s', async (type, content) => {
    const { body } = await service.http
      .post('/echo')
      .set('Content-Type', type)
      .send(content)
      .expect(200);
    expect(body).toEqual({ body: { a: '1' } });
  });

  it.each(['identity', 'Identity', '', 'identity, identity'])(
    'is read when its coding is %j',
    async (coding) => {
      await service.http.post('/echo').set('Content-Encoding', coding).send({}).expect(200);
    },
  );

  it.each(['gzip', 'br', 'identity, gzip', 'x-unknown'])(
    'is answered 415 with Accept-Encoding when its coding is %s (RFC 9110 §15.5.16)',
    async (coding) => {
      const { headers, body } = await service.http
        .post('/echo')
        .set('Content-Encoding', coding)
        .type('json')
        .send(gzipSync('{}'))
        .expect(415);
      expect(headers['accept-encoding']).toBe('identity');
      expect(body.detail).toMatch(/Content-Encoding/);
    },
  );

  it('answers 415 to a body without a type', async () => {
    const message = 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}';
    const { status, body } = await exchange(service, message);
    expect({ status, detail: body.detail }).toEqual({
      status: 415,
      detail: 'The request has content without a Content-Type.',
    });
  });

  it('answers 404 to a body for an unknown route, also with a type that no parser reads', async () => {
    await service.http.post('/nowhere').type('text/plain').send('hello').expect(404);
  });

  it.each(['text/html', '*/*;q=0', 'application/unknown', 'nonsense', ''])(
    'is answered with JSON for Accept %j',
    async (accept) => {
      const { type } = await service.http.post('/echo').set('Accept', accept).send({}).expect(200);
      expect(type).toBe('application/json');
    },
  );

  it('reads a body after 100 Continue, and answers 417 to another expectation (RFC 9110 §10.1.1)', async () => {
    const { port } = new URL(await service.app.getUrl());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `${head('POST', 'application/json')}expect: 100-continue\r\ncontent-length: 2\r\n\r\n`,
    );
    expect(String((await once(socket, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
    socket.write(`${head('POST', 'application/json')}expect: magic\r\ncontent-length: 0\r\n\r\n`);
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 417 /);
    socket.destroy();
  });
});
