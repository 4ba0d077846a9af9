import type { RequestListener, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { IntrospectionServer, outcome } from '../../support/introspection-server.js';
import { TestClock } from '../../support/test-clock.js';
import { waitUntil } from '../../support/wait-until.js';

let server: IntrospectionServer;
let clock: TestClock;

beforeEach(async () => {
  server = await IntrospectionServer.listen();
  clock = new TestClock();
});

afterEach(async () => server.close());

describe('The cache of introspected tokens', () => {
  it('answers a repeated token without a promise and without a request for ten seconds', async () => {
    server.issue('known');
    const verifier = server.verifier(clock.options);
    const token = await verifier.verify('known');
    clock.advance({ seconds: 9 });
    expect(verifier.verify('known')).toBe(token);
    expect(server.requests).toHaveLength(1);
  });

  it('refuses a revoked token when its answer is ten seconds old', async () => {
    server.issue('known');
    const verifier = server.verifier(clock.options);
    await verifier.verify('known');
    server.tokens.clear();
    clock.advance({ seconds: 9 });
    expect(await outcome(verifier, 'known')).toBe('alice');
    clock.advance({ seconds: 1 });
    expect(await outcome(verifier, 'known')).toBe('inactive');
  });

  it('refuses a token after its exp, although its answer is fresh (RFC 7662 §4)', async () => {
    const now = clock.now() / 1000;
    server.issue('short', { exp: now + 3, iat: now });
    const verifier = server.verifier({ ...clock.options, clockToleranceSeconds: 0 });
    expect(await outcome(verifier, 'short')).toBe('alice');
    clock.advance({ seconds: 3 });
    expect(await outcome(verifier, 'short')).toBe('expired');
  });

  it('asks for every request when cacheSeconds is 0', async () => {
    server.issue('known');
    const verifier = server.verifier({ ...clock.options, cacheSeconds: 0 });
    await verifier.verify('known');
    server.tokens.clear();
    expect(await outcome(verifier, 'known')).toBe('inactive');
  });

  it('keeps a refusal for ten seconds, and then accepts the token if it is active', async () => {
    const verifier = server.verifier(clock.options);
    expect(await outcome(verifier, 'late')).toBe('inactive');
    server.issue('late');
    expect(await outcome(verifier, 'late')).toBe('inactive');
    expect(server.requests).toHaveLength(1);
    clock.advance({ seconds: 10 });
    expect(await outcome(verifier, 'late')).toBe('alice');
  });

  it('sends one request for requests with the same token at the same time', async () => {
    server.issue('known');
    const verifier = server.verifier();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async () => verifier.verify('known')),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  it('keeps the answers of active tokens during a flood of unknown tokens', async () => {
    server.issue('known');
    const verifier = server.verifier({ ...clock.options, maxCached: 10 });
    await verifier.verify('known');
    for (let i = 0; i < 50; i += 1) expect(await outcome(verifier, `random-${i}`)).toBe('inactive');
    const { length: before } = server.requests;
    expect(await outcome(verifier, 'known')).toBe('alice');
    expect(await outcome(verifier, 'random-0')).toBe('inactive');
    expect(server.requests.length - before).toBe(1);
  });
});

describe('A flood of unknown tokens', () => {
  it('opens at most maxConcurrent requests, and gets 503 when 1,000 others wait', async () => {
    const { answer, finish } = stalled();
    server.answer = answer;
    const verifier = server.verifier({ maxConcurrent: 4, timeoutMs: 30_000 });
    const outcomes = Array.from({ length: 1010 }, (_, i) => outcome(verifier, `random-${i}`));
    expect(await Promise.race(outcomes)).toBe('introspection_unavailable');
    await waitUntil(() => server.requests.length === 4);
    finish();
    const counted = await Promise.all(outcomes);
    expect(counted.filter((code) => code === 'introspection_unavailable')).toHaveLength(6);
    expect(counted.filter((code) => code === 'inactive')).toHaveLength(1004);
    expect(server.maxOpen).toBe(4);
  });

  it('does not delay a token that was active before', async () => {
    server.issue('known');
    const verifier = server.verifier({ ...clock.options, maxConcurrent: 1 });
    await verifier.verify('known');
    clock.advance({ seconds: 10 });
    const { answer, finish } = stalled();
    server.answer = answer;
    const flood = Array.from({ length: 20 }, (_, i) => outcome(verifier, `random-${i}`));
    await waitUntil(() => server.requests.length === 2);
    const known = outcome(verifier, 'known');
    finish();
    expect(await known).toBe('alice');
    await Promise.all(flood);
    expect(server.requests[2]?.form.get('token')).toBe('known');
  });

  it('a token that has waited for longer than timeoutMs gets 503', async () => {
    const { answer, finish } = stalled();
    server.answer = answer;
    const verifier = server.verifier({ ...clock.options, maxConcurrent: 1 });
    const first = outcome(verifier, 'first');
    const second = outcome(verifier, 'second');
    await waitUntil(() => server.requests.length === 1);
    clock.advance({ seconds: 4 });
    finish();
    expect(await second).toBe('introspection_unavailable');
    expect(await first).toBe('inactive');
    expect(await outcome(verifier, 'third')).toBe('inactive');
  });
});

describe('The token of an open connection', () => {
  it('the verifier keeps it valid when a new answer says that it is active', async () => {
    server.issue('known');
    const verifier = server.verifier(clock.options);
    const token = await verifier.verify('known');
    expect(verifier.remainingMs(token)).toBe(10_000);
    clock.advance({ seconds: 10 });
    expect(verifier.remainingMs(token)).toBe(1000);
    await waitUntil(() => verifier.remainingMs(token) === 10_000);
    expect(server.requests).toHaveLength(2);
  });

  it('the verifier ends it when a new answer says that it is not active', async () => {
    server.issue('known');
    const verifier = server.verifier(clock.options);
    const token = await verifier.verify('known');
    server.tokens.clear();
    clock.advance({ seconds: 10 });
    expect(verifier.remainingMs(token)).toBe(1000);
    await waitUntil(() => verifier.remainingMs(token) === 0);
  });

  it('the verifier ends it when the endpoint does not answer', async () => {
    server.issue('known');
    const verifier = server.verifier(clock.options);
    const token = await verifier.verify('known');
    await server.close();
    clock.advance({ seconds: 10 });
    expect(verifier.remainingMs(token)).toBe(1000);
    await waitUntil(() => verifier.remainingMs(token) === 0);
    server = await IntrospectionServer.listen();
  });

  it('the verifier ends it at once when another verifier made it', async () => {
    server.issue('known');
    const token = await server.verifier().verify('known');
    await setImmediate();
    expect(server.verifier().remainingMs(token)).toBe(0);
  });
});

/** Keeps requests waiting until the test finishes them as inactive. Later requests are answered at once. */
function stalled() {
  const waiting: ServerResponse[] = [];
  const finish = () => {
    server.answer = undefined;
    for (const response of waiting) {
      response.setHeader('content-type', 'application/json').end('{"active":false}');
    }
  };
  const answer: RequestListener = (_request, response) => void waiting.push(response);
  return { answer, finish };
}
