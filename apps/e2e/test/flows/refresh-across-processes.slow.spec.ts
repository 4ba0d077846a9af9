import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '@gatehouse/persistence/testing';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { AppProcess } from '../support/app-process.js';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { parseFamilyId, readFamilies } from '../support/auth-database.js';
import { parseTokenPair, refresh, registerAndLogIn, RESOURCES } from '../support/auth-api.js';

/** Fifty refreshes take less on a busy machine. */
const GRACE_SECONDS = 6;
const ISSUER = 'http://localhost:3000';

let databaseUrl: string;
let one: string;
let other: string;

beforeAll(async () => {
  const postgres = await startPostgres();
  cleanUpAfterTests(() => postgres.stop());
  databaseUrl = await postgres.createDatabase('auth');
  const settings = {
    ISSUER,
    DATABASE_URL: databaseUrl,
    SERVER_SECRET: randomBytes(32).toString('base64url'),
    REFRESH_GRACE_SECONDS: String(GRACE_SECONDS),
  };
  const apps = [
    await AppProcess.create('auth', settings),
    await AppProcess.create('auth', settings),
  ] as const;
  // At once: two replicas that start on an empty database migrate it once, and agree on the signing keys.
  await Promise.all(apps.map((app) => app.start()));
  [one, other] = [apps[0].url, apps[1].url];
});

describe('two auth processes on one PostgreSQL', () => {
  it('rotate once for fifty refreshes of one token and give all callers a token pair that both accept', async () => {
    const { refreshToken } = await registerAndLogIn(one);
    const fifty = Array.from({ length: 50 }, (_, at) =>
      refresh(at % 2 ? one : other, refreshToken),
    );
    const pairs = (await Promise.all(fifty)).map(parseTokenPair);

    const successors = new Set(pairs.map((pair) => pair.refreshToken));
    expect(successors.size).toBe(1);
    expect(await readFamily(refreshToken)).toMatchObject({ generation: 1, endReason: null });

    for (const url of [one, other]) {
      const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
      const expected = { issuer: ISSUER, audience: RESOURCES.orders, typ: 'at+jwt' };
      await Promise.all(pairs.map(({ accessToken }) => jwtVerify(accessToken, keys, expected)));
    }
    const [successor = ''] = successors;
    const next = await Promise.all([one, other].map((url) => refresh(url, successor)));
    expect(new Set(next.map((answer) => parseTokenPair(answer).refreshToken)).size).toBe(1);
    expect(await readFamily(refreshToken)).toMatchObject({ generation: 2, endReason: null });
  });

  it('refuse the family on both after one detects a replay after the grace window', async () => {
    const { refreshToken: first } = await registerAndLogIn(one);
    const { refreshToken: second } = parseTokenPair(await refresh(one, first));
    await sleep(GRACE_SECONDS * 1000 + 100);

    const answers = [
      await refresh(other, first),
      await refresh(one, second),
      await refresh(other, second),
    ];

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(answers.map(({ body }) => body['error'])).toEqual(Array(3).fill('invalid_grant'));
    expect(await readFamily(first)).toMatchObject({ generation: 1, endReason: 'reuse' });
  });
});

async function readFamily(refreshToken: string) {
  const families = await readFamilies({ databaseUrl });
  return families.find(({ id }) => id === parseFamilyId(refreshToken));
}
