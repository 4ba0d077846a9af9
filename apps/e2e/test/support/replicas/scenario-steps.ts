import { decodeJwt, decodeProtectedHeader } from 'jose';
import { send } from '../http.js';
import { RunningCommand } from '../running-command.js';
import { aPerson, login, parseTokenPair, refresh, register, RESOURCES } from '../auth-api.js';
import { waitUntil } from '../wait-until.js';
import type { Deployment } from './deployment.js';
import type { Ledger } from './ledger.js';
import type { Replica } from './replica.js';

/** A session that only this step uses, with a token for each service. */
interface TestSession {
  readonly orders: string;
  readonly billing: string;
  /** For auth as a resource server. */
  readonly auth: string;
  readonly refreshToken: string;
}

/** Restarts PostgreSQL. Every process reports that it is not ready until PostgreSQL is back. */
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
 * Ends a session and waits until every process refuses its unexpired tokens.
 *
 * @returns milliseconds from the end of the session to the last refusal
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
 * Revokes the active signing key, as after a theft. Verifiers know its successor already.
 *
 * @returns milliseconds until every process refuses the tokens of the key
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

/** Each process learns of the revocation by itself and keeps refusing. */
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
