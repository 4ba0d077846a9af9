import { PRODUCTION_HASHING, TestAuth, type TestResponse } from '../support/test-auth.js';

/** More than are hashed at once and may wait (hash-queue.ts). */
const FLOOD = 200;

interface Timed extends TestResponse {
  readonly took: number;
}

const timed = async (asking: Promise<TestResponse>): Promise<Timed> => {
  const start = performance.now();
  return { ...(await asking), took: performance.now() - start };
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
  const looked = () => flood.filter(({ status }) => status === 400);

  it('is answered 429 with Retry-After past the bound of waiting hashes, and served up to it', () => {
    expect(statuses(flood)).toEqual(new Set([400, 429]));
    expect(looked().length).toBeGreaterThanOrEqual(66);
    const refused = flood.filter(({ status }) => status === 429);
    expect(new Set(refused.map(({ headers }) => headers.get('retry-after')))).toEqual(
      new Set(['1']),
    );
    expect(refused[0]?.body['error']).toBe('temporarily_unavailable');
  });

  it('slows logins, while refreshes and the key set go on', () => {
    expect(statuses(refreshes)).toEqual(new Set([200]));
    expect(statuses(keySets)).toEqual(new Set([200]));
    expect(refreshes.length).toBeGreaterThan(3);
    expect(median(refreshes)).toBeLessThan(median(looked()));
    expect(median(keySets)).toBeLessThan(median(looked()));
  });

  it('is over when it is over', async () => {
    await auth.register('late@example.org');
    expect((await auth.login('late@example.org')).status).toBe(200);
  });
});
