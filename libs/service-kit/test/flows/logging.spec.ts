import { Body, Controller, Get, HttpCode, Logger, Post, Query } from '@nestjs/common';
import { createLogger } from '../../src/observability/logger.js';
import { startService, stopServices } from '../support/running-service.js';

const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

@Controller()
class LoginController {
  private readonly logger = new Logger('Login');

  @Post('login')
  login(@Body() body: unknown, @Query() query: unknown) {
    this.logger.log({
      body,
      query,
      headers: { authorization: `Bearer ${jwt}`, Cookie: 'sid=hunter2' },
    });
    this.logger.error(`refused Bearer ${jwt}`);
    this.logger.warn('connecting to postgres://app:hunter2@db/orders');
    return {};
  }

  @Get('list')
  @HttpCode(304)
  unchanged() {}

  @Get('driver')
  driver() {
    const cause = new Error(`token ${jwt} is unknown`);
    throw Object.assign(new Error('duplicate key', { cause }), {
      parameters: ['hunter2'],
      code: '23505',
    });
  }
}

describe('the log', () => {
  afterEach(stopServices);

  it('never shows a secret at any depth', async () => {
    const service = await startService({ controllers: [LoginController] });
    const body = {
      password: 'hunter2',
      nested: { list: [{ refresh_token: 'hunter2', clientSecret: 'hunter2', keep: 'me' }] },
    };
    await service.http
      .post('/login?code=hunter2&state=x')
      .set('Cookie', 'sid=hunter2')
      .send(body)
      .expect(201);
    await service.http.get('/driver').expect(500);

    expect(service.logText()).toContain('"keep":"me"');
    expect(service.logText()).toContain('duplicate key');
    expect(service.logText()).not.toMatch(/hunter2|eyJ/);
  });

  it('hides a path segment that is too long for an identifier, because it can be a token', async () => {
    const service = await startService({ controllers: [LoginController] });
    const token = `hunter2${'x'.repeat(58)}`;
    await service.http.get(`/logins/${token}/end`).expect(404);

    const lines = service.log().filter(({ msg }) => msg === 'request');
    expect(lines).toMatchObject([{ path: '/logins/[long]/end' }]);
    expect(service.logText()).not.toContain('hunter2');
  });

  it('logs one line per request with method, path, status, milliseconds and id, without the query', async () => {
    const service = await startService({ controllers: [LoginController] });
    await service.http.post('/login?code=hunter2').expect(201);

    const lines = service.log().filter(({ msg }) => msg === 'request');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        name: 'demo',
        reqId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        method: 'POST',
        path: '/login',
        status: 201,
        ms: expect.any(Number),
        msg: 'request',
      },
    ]);
  });

  it('logs a poll that found nothing new at level debug only', async () => {
    const service = await startService({ controllers: [LoginController] });
    await service.http.get('/list').expect(304);
    expect(service.log().filter(({ msg }) => msg === 'request')).toEqual([]);
  });

  it('shows no forged line, because values are escaped', async () => {
    const service = await startService({ controllers: [LoginController] });
    const forged = '{"level":"info","msg":"admin logged in"}';
    await service.http.get(`/x%0a${encodeURIComponent(forged)}`).expect(404);
    new Logger('Login').warn(`first\n${forged}`);

    expect(service.logText().trimEnd().split('\n')).toHaveLength(service.log().length);
    expect(service.log().filter(({ msg }) => msg === 'admin logged in')).toEqual([]);
  });

  it('cuts values that are too deep or refer to themselves', () => {
    const lines: string[] = [];
    const logTo = { write: (line: string) => void lines.push(line) };
    const loop: Record<string, unknown> = { password: 'hunter2' };
    loop['self'] = loop;
    createLogger({ name: 'demo', logLevel: 'info', logTo }).info(loop, 'loop');

    expect(lines.join('')).toContain('[too deep]');
    expect(lines.join('')).not.toContain('hunter2');
  });
});
