import { decodeJwt, decodeProtectedHeader } from 'jose';
import { send } from '../http.js';
import { RunningCommand } from '../running-command.js';
import { aPerson, login, parseTokenPair, refresh, register, RESOURCES } from '../auth-api.js';
import { waitUntil } from '../wait-until.js';
import type { Deployment } from './deployment.js';
import type { Ledger } from './ledger.js';
import type { Replica } from './replica.js';

/** A session of somebody who does nothing else, with a token for each service. */
interface TestSession {
  readonly orders: string;
  readonly billing: string;
  /** For auth itself. */
  readonly auth: string;
  readonly refreshToken: string;
}

/** Every process finds its connections dead, says that it is not ready, and is again when PostgreSQL is. */
export async function restartPostgres(
  { postgres, all }: Deployment,
  ledger: Ledger,
): Promise<void> {
  const noneIsReady = async () =>
    !(await Promise.all(all.map((each) => each.isReady()))).includes(true);
  await ledger.duringOutage(async () => {
    await postgres.restart(() => waitUntil('no process is ready without PostgreSQL', noneIsReady));
    await Promise.all(all.map((replica) => replica.waitFor('ready')));
  });
}

/**
 * Somebody ends a session of theirs: its tokens, unexpired as they are, are refused by every process.
 *
 * @returns how long that took, in milliseconds
 */
export async function endSession(deployment: Deployment): Promise<number> {
  const witness = await createTestSession(deployment);
  await expectAcceptedEverywhere(deployment, witness);
  const { auth } = deployment.places;
  const { sid } = decodeJwt<{ sid: string }>(witness.auth);
  const request = { method: 'DELETE', token: witness.auth };
  const ended = await send(`${auth}/auth/sessions/${sid}`, request);
  expect(ended).toMatchObject({ status: 204, text: '' });
  const took = await waitUntilRefusedEverywhere(deployment, witness);
  expect((await refresh(auth, witness.refreshToken)).body['error']).toBe('invalid_grant');
  return took;
}

/**
 * The emergency: a key that was stolen. Verifiers know its successor already.
 *
 * @returns how long it took until every process refuses its tokens, in milliseconds
 */
export async function revokeActiveKey(deployment: Deployment, ledger: Ledger): Promise<number> {
  const { auth, settings } = deployment;
  const kid = await findKid(deployment, 'active');
  const successor = await findKid(deployment, 'pending');
  await waitUntil('every process publishes the successor', async () => {
    const sets = await Promise.all(auth.map(({ url }) => send(`${url}/.well-known/jwks.json`)));
    return sets.every(({ text }) => text.includes(successor));
  });
  const witness = await createTestSession(deployment);
  expect(decodeProtectedHeader(witness.orders).kid).toBe(kid);
  await expectAcceptedEverywhere(deployment, witness);

  ledger.expectRevoked(kid);
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['apps/auth/dist/ops.js', 'keys', 'revoke', kid, '--json'],
    env: settings,
  });
  expect({ exit: await command.exit, output: command.output }).toMatchObject({ exit: 0 });
  return waitUntilRefusedEverywhere(deployment, witness);
}

async function findKid({ records }: Deployment, state: string): Promise<string> {
  const keys = await records.listKeys();
  return keys.find((key) => key.state === state)?.kid ?? '';
}

async function createTestSession({ places: { auth } }: Deployment): Promise<TestSession> {
  const person = aPerson();
  await register(auth, person);
  const first = parseTokenPair(await login(auth, person));
  const second = parseTokenPair(
    await refresh(auth, first.refreshToken, { resource: RESOURCES.billing }),
  );
  const third = parseTokenPair(await refresh(auth, second.refreshToken, { resource: auth }));
  return {
    orders: first.accessToken,
    billing: second.accessToken,
    auth: third.accessToken,
    refreshToken: third.refreshToken,
  };
}

async function expectAcceptedEverywhere(
  deployment: Deployment,
  witness: TestSession,
): Promise<void> {
  for (const [replica, call] of listCalls(deployment, witness)) {
    const { status, text } = await call();
    expect({ replica: replica.name, status, text }).toMatchObject({ status: 200 });
  }
}

/** Each process comes to know it by itself, and stays with it. */
async function waitUntilRefusedEverywhere(
  deployment: Deployment,
  witness: TestSession,
): Promise<number> {
  const since = performance.now();
  for (const [replica, call] of listCalls(deployment, witness)) {
    await waitUntil(`${replica.name} refuses the token`, async () => {
      const { status, headers } = await call();
      return status === 401 && headers.get('www-authenticate')?.includes('error="invalid_token"');
    });
  }
  return Math.round(performance.now() - since);
}

function listCalls({ orders, billing }: Deployment, witness: TestSession) {
  const call = (replica: Replica, path: string, token: string) =>
    [replica, () => send(`${replica.url}${path}`, { token })] as const;
  return [
    ...orders.map((replica) => call(replica, '/orders', witness.orders)),
    ...billing.map((replica) => call(replica, '/invoices', witness.billing)),
  ];
}
