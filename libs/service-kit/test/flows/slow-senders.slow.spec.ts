import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Body, Controller, Post } from '@nestjs/common';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

@Controller()
class EchoController {
  @Post('echo')
  echo(@Body() body: unknown) {
    return { body };
  }
}

const POST = 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

async function open({ app }: RunningService, head: string): Promise<Socket> {
  const { port, hostname } = new URL(await app.getUrl());
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

/** Sends the next piece each 100 ms until the connection is closed. */
async function trickle(socket: Socket, piece: string): Promise<string> {
  const timer = setInterval(() => socket.write(piece), 100);
  const answer = await text(socket);
  clearInterval(timer);
  return answer;
}

const TIMED_OUT = /^HTTP\/1\.1 408 Request Timeout\r\n(?:.*\r\n)*connection: close\r\n/im;

describe('a request that does not arrive (RFC 9110 §15.5.9)', () => {
  afterEach(stopServices);

  it.each([
    ['no byte of its body', `${POST}content-length: 10\r\n\r\n`],
    ['one byte of its body', `${POST}content-length: 10\r\n\r\n{`],
    ['a part of a chunk', `${POST}transfer-encoding: chunked\r\n\r\n5\r\n{`],
    [
      'a body after Expect: 100-continue',
      `${POST}expect: 100-continue\r\ncontent-length: 9\r\n\r\n`,
    ],
    ['a part of its headers', 'POST /echo HTTP/1.1\r\nhost: x\r\n'],
  ])('is answered 408 and its connection is closed when it has %s', async (_what, head) => {
    const service = await startService({ controllers: [EchoController] });
    const answer = await text(await open(service, head));
    expect(answer.replace('HTTP/1.1 100 Continue\r\n\r\n', '')).toMatch(TIMED_OUT);
    expect(service.logText()).not.toMatch(/unhandled|"level":"(error|warn)"/);
  });

  it('answers 408 with the headers of CORS, so that a script learns the reason', async () => {
    const origin = 'https://app.example.com';
    const service = await startService(
      { controllers: [EchoController] },
      { corsOrigins: [origin] },
    );
    const answer = await text(
      await open(service, `${POST}origin: ${origin}\r\ncontent-length: 9\r\n\r\n`),
    );
    expect(answer).toMatch(TIMED_OUT);
    expect(answer).toContain(`access-control-allow-origin: ${origin}\r\n`);
  });

  it.each([
    ['a body', `${POST}content-length: 60000\r\n\r\n`, '1'],
    ['a chunked body', `${POST}transfer-encoding: chunked\r\n\r\n`, '1\r\n1\r\n'],
    ['headers', 'GET /echo HTTP/1.1\r\nhost: x\r\n', 'x: 1\r\n'],
  ])('is answered 408 when %s trickles in without an end', async (_what, head, piece) => {
    const service = await startService({ controllers: [EchoController] });
    expect(await trickle(await open(service, head), piece)).toMatch(TIMED_OUT);
  });

  it('gives way to others when more than a thousand bodies are awaited', async () => {
    const service = await startService({ controllers: [EchoController] });
    const first = await open(service, `${POST}content-length: 10\r\n\r\n{`);
    const head = `${POST}content-length: 10\r\n\r\n{`;
    const others = await Promise.all(Array.from({ length: 1_000 }, () => open(service, head)));
    expect(await text(first)).toMatch(TIMED_OUT);
    await service.http.post('/echo').send({}).expect(201);
    for (const socket of others) socket.destroy();
  });
});
