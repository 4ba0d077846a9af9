import { once } from 'node:events';
import { PRODUCTION_HASHING, TestAuth, type TestResponse } from '../support/test-auth.js';

/** More than the 66 password hashes that may run or wait (password-hash-threads.ts). */
const FLOOD = 200;

interface Timed extends TestResponse {
  readonly took: number;
}

const timed = async (request: Promise<TestResponse>): Promise<Timed> => {
  const start = performance.now();
  return { ...(await request), took: performance.now() - start };
};

const median = (answers: readonly Timed[]): number =>
  answers.map(({ took }) => took).sort((a, b) => a - b)[Math.floor(answers.length / 2)] ?? NaN;

describe('a flood of logins', () => {
  let auth: TestAuth;
  let flood: Timed[];
  let refreshes: Timed[];
  let keySets: Timed[];

  beforeAll(async () => {
    auth = await TestAuth.start(PRODUCTION_HASHING);
    let { refresh_token } = await auth.createLogin();
    let isOver = false;
    const logins = Promise.all(
      Array.from({ length: FLOOD }, (_, n) =>
        timed(auth.login(`person-${n % 2}@example.org`, { password: 'guess guess' })),
      ),
    ).finally(() => (isOver = true));
    [refreshes, keySets] = [[], []];
    while (!isOver) {
      const refresh = await timed(auth.refresh(refresh_token));
      refresh_token = refresh.body['refresh_token'] ?? '';
      const keySet = await timed(auth.send('/.well-known/jwks.json', {}));
      if (isOver) break;
      refreshes.push(refresh);
      keySets.push(keySet);
    }
    flood = await logins;
  });
  afterAll(() => auth.stop());

  const statuses = (answers: readonly TestResponse[]) =>
    new Set(answers.map(({ status }) => status));
  const checkedLogins = () => flood.filter(({ status }) => status === 400);

  it('gets 429 with Retry-After only when too many password hashes wait', () => {
    expect(statuses(flood)).toEqual(new Set([400, 429]));
    expect(checkedLogins().length).toBeGreaterThanOrEqual(65);
    const refused = flood.filter(({ status }) => status === 429);
    expect(new Set(refused.map(({ headers }) => headers.get('retry-after')))).toEqual(
      new Set(['1']),
    );
    expect(refused[0]?.body['error']).toBe('temporarily_unavailable');
  });

  it('delays logins, but not refreshes and the key set', () => {
    expect(statuses(refreshes)).toEqual(new Set([200]));
    expect(statuses(keySets)).toEqual(new Set([200]));
    expect(refreshes.length).toBeGreaterThan(3);
    expect(median(refreshes)).toBeLessThan(median(checkedLogins()));
    expect(median(keySets)).toBeLessThan(median(checkedLogins()));
  });

  it('does not affect a login after its end', async () => {
    await auth.register('late@example.org');
    expect((await auth.login('late@example.org')).status).toBe(200);
  });

  it('gets the answers of logins that are in flight when the server stops', async () => {
    const arrived = once(auth.app.getHttpServer(), 'request');
    const login = auth.login('late@example.org');
    await arrived;
    await auth.stop();
    expect((await login).status).toBe(200);
  });
});
