import { type INestApplication, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import { GuardsModule, type GuardsOptions } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { OrdersController, platforms } from '../support/guarded-app.js';
import { TestClock } from '../support/test-clock.js';

let clock: TestClock;
let issuer: TestIssuer;
let app: INestApplication;
let lines: { readonly level: string; readonly text: string }[];

beforeEach(async () => {
  clock = new TestClock();
  lines = [];
  issuer = await TestIssuer.start({ now: clock.now });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const record = (level: string) => (message: unknown, context: unknown) => {
  if (context === 'GuardsModule') lines.push({ level, text: String(message) });
};
const logger: LoggerService = {
  log: record('log'),
  error: record('error'),
  warn: record('warn'),
  debug: record('debug'),
};

const linesAt = (level: string) =>
  lines.filter((line) => line.level === level).map(({ text }) => text);

describe.each(platforms)('default log of refusals on %s', (_platform, adapter) => {
  async function start(options: Partial<GuardsOptions> = {}): Promise<void> {
    class AppModule {}
    const guards = Object.assign({ ...issuer.options, ...clock.options }, options);
    Module({ imports: [GuardsModule.forRoot(guards)], controllers: [OrdersController] })(AppModule);
    app = await NestFactory.create(AppModule, adapter(), { logger });
    await app.listen(0, '127.0.0.1');
  }

  async function send(token: string, path = '/orders'): Promise<number> {
    const { status } = await request(app.getHttpServer())
      .get(path)
      .set('Authorization', `Bearer ${token}`);
    return status;
  }

  const scope = 'orders:read';

  it('warns once a minute for each reason, and logs the next refusals at debug', async () => {
    await start();
    const foreign = () => issuer.accessToken({ aud: 'https://other.example' });
    for (let i = 0; i < 3; i += 1) expect(await send(foreign())).toBe(401);
    expect([linesAt('warn').length, linesAt('debug').length]).toEqual([1, 2]);

    expect(await send(issuer.accessToken({ scope: 'other' }))).toBe(403);
    expect(linesAt('warn')).toHaveLength(2);
    clock.advance({ seconds: 60 });
    await send(foreign());
    expect(linesAt('warn')).toHaveLength(3);
  });

  it('writes at most 21 lines a minute for each reason, also for invented issuers and keys', async () => {
    const seen: (string | undefined)[] = [];
    await start({ logsRejections: true, onRejected: ({ issuer: name }) => seen.push(name) });
    for (let i = 0; i < 60; i += 1) {
      const invented = i % 2 ? { iss: `https://${i}.example` } : {};
      await send(issuer.accessToken(invented, { header: { kid: `key-${i}` } }));
    }
    expect([linesAt('warn').length, linesAt('debug').length]).toEqual([2, 40]);
    expect(seen).toHaveLength(60);
    expect(new Set(seen)).toEqual(new Set([issuer.issuer]));

    clock.advance({ seconds: 60 });
    await send('x');
    expect(linesAt('warn')).toHaveLength(3);
  });

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, string]>([
    ['wrong_issuer', { iss: 'https://other.example' }, {}, 'add it to the options'],
    ['wrong_audience', { aud: 'https://other.example' }, {}, '`audience`: is that option right?'],
    ['wrong_type', {}, { typ: 'JWT' }, 'set its `tokenTypes`'],
    ['unknown_key', {}, { kid: 'other' }, 'Does `jwksUri` belong to the issuer'],
    ['bound_token', { cnf: { jkt: 'x' } }, {}, 'the part dpop with its option `dpop`'],
    ['malformed_claims', { client_id: undefined, azp: 'web' }, {}, 'client_id'],
  ])('names the option that decides about %s', async (reason, claims, header, advice) => {
    await start();
    await send(issuer.accessToken(claims, { header }));
    const [line = ''] = linesAt('warn');

    expect(line).toContain(`Refused a call: ${reason}`);
    expect(line).toContain(advice);
  });

  it('names the part dpop when a client uses the scheme DPoP without the option', async () => {
    await start();
    const token = issuer.accessToken({ scope });
    const answer = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', `DPoP ${token}`);

    expect(answer.status).toBe(401);
    expect(linesAt('warn')[0]).toContain('the scheme DPoP needs the part dpop');
  });

  it.each([
    [
      'audience',
      { aud: 'https://other.example', client_id: 'web-app' },
      '"https://other.example", and must name ["https://api.example"]; the client is "web-app"',
    ],
    [
      'issuer',
      { iss: 'https://other.example' },
      'iss is "https://other.example", and the trusted issuers are ["http://127.0.0.1:',
    ],
    ['scopes', { scope: 'a' }, 'scopes missing: orders:read'],
  ])('names the values that differ, issuer, key and request: %s', async (_what, claims, words) => {
    await start();
    const token = issuer.accessToken(claims);
    await send(token, '/orders?access=secret-in-the-query');
    const [line = ''] = linesAt('warn');

    expect(line).toContain(words);
    expect(line).toContain('GET "/orders"');
    if (!('iss' in claims)) {
      expect(line).toContain(`issuer "${issuer.issuer}", kid "${issuer.signingKey.kid}"`);
    }
    for (const part of [...token.split('.'), 'secret-in-the-query']) {
      expect(line).not.toContain(part);
    }
  });

  it.each([
    [
      'iat',
      { iat: 20, exp: 320 },
      "issued_in_the_future (iat is 20 s ahead of this machine's clock, and 5 s are tolerated",
    ],
    [
      'nbf',
      { nbf: 20 },
      "not_yet_valid (nbf is 20 s ahead of this machine's clock, and 5 s are tolerated",
    ],
    ['exp', { exp: -30 }, "expired (exp was 30 s behind this machine's clock"],
  ])('names the difference between the clocks: %s', async (_claim, offsets, words) => {
    await start();
    const now = clock.now() / 1000;
    const claims = Object.entries(offsets).map(([name, offset]) => [name, now + offset]);
    await send(issuer.accessToken({ scope, ...Object.fromEntries(claims) }));
    expect(linesAt('warn')[0]).toContain(words);
  });

  it('warns once for each outage, with its cause', async () => {
    await start({ keySet: { timeoutMs: 500, maxStaleSeconds: 0 } });
    const token = () => issuer.accessToken({ scope, exp: clock.now() / 1000 + 3600 });
    issuer.fail();
    for (let minute = 0; minute < 5; minute += 1) {
      expect(await send(token())).toBe(503);
      clock.advance({ seconds: 61 });
    }
    expect(linesAt('warn')).toEqual([
      expect.stringMatching(
        /^Refused a call: keys_unavailable .*jwks\.json answered with status 500/,
      ),
    ]);

    issuer.up();
    expect(await send(token())).toBe(200);
    clock.advance({ seconds: 700 });
    issuer.fail(404);
    expect(await send(token())).toBe(503);
    expect(linesAt('warn')).toHaveLength(2);
  });

  it('writes printable characters only, also for a token with control characters', async () => {
    await start();
    await send(issuer.accessToken({ aud: 'line\nbreak\u001b[31m\u202e' }));
    expect(linesAt('warn')[0]).toMatch(/^[\x20-\x7e]+$/);
  });

  it.each<[string, Partial<GuardsOptions>]>([
    ['`onRejected` is set', { onRejected: () => undefined }],
    ['`logsRejections` is false', { logsRejections: false }],
  ])('writes nothing if %s', async (_why, options) => {
    await start(options);
    expect(await send('x')).toBe(401);
    expect(lines).toEqual([]);
  });

  it('writes beside `onRejected` if `logsRejections` is true', async () => {
    await start({ onRejected: () => undefined, logsRejections: true });
    expect(await send('x')).toBe(401);
    expect(linesAt('warn')).toHaveLength(1);
  });
});
