import { decodeJwt, decodeProtectedHeader } from 'jose';
import { send } from '../http.js';
import { RunningCommand } from '../running-command.js';
import { login, pairOf, refresh, register, RESOURCES, aPerson } from '../token-answers.js';
import type { Deployment } from './deployment.js';
import type { Ledger } from './ledger.js';
import type { Replica } from './replica.js';
import { until } from './until.js';

/** A session of somebody who does nothing else, with a token for each service. */
interface Witness {
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
  await ledger.whileDown(async () => {
    await postgres.restart(() => until('no process is ready without PostgreSQL', noneIsReady));
    await Promise.all(all.map((replica) => replica.becomes('ready')));
  });
}

/**
 * Somebody ends a session of theirs: its tokens, unexpired as they are, are refused by every process.
 *
 * @returns how long that took, in milliseconds
 */
export async function endASession(deployment: Deployment): Promise<number> {
  const witness = await aWitness(deployment);
  await isAcceptedEverywhere(deployment, witness);
  const { auth } = deployment.places;
  const { sid } = decodeJwt<{ sid: string }>(witness.auth);
  const request = { method: 'DELETE', token: witness.auth };
  const ended = await send(`${auth}/auth/sessions/${sid}`, request);
  expect(ended).toMatchObject({ status: 204, text: '' });
  const took = await isRefusedEverywhere(deployment, witness);
  expect((await refresh(auth, witness.refreshToken)).body['error']).toBe('invalid_grant');
  return took;
}

/**
 * The emergency: a key that was stolen. Verifiers know its successor already.
 *
 * @returns how long it took until every process refuses its tokens, in milliseconds
 */
export async function revokeTheActiveKey(deployment: Deployment, ledger: Ledger): Promise<number> {
  const { auth, settings } = deployment;
  const kid = await kidOf(deployment, 'active');
  const successor = await kidOf(deployment, 'pending');
  await until('every process publishes the successor', async () => {
    const sets = await Promise.all(auth.map(({ url }) => send(`${url}/.well-known/jwks.json`)));
    return sets.every(({ text }) => text.includes(successor));
  });
  const witness = await aWitness(deployment);
  expect(decodeProtectedHeader(witness.orders).kid).toBe(kid);
  await isAcceptedEverywhere(deployment, witness);

  ledger.expectRevoked(kid);
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['apps/auth/dist/ops.js', 'keys', 'revoke', kid, '--json'],
    env: settings,
  });
  expect({ exit: await command.exit, output: command.output }).toMatchObject({ exit: 0 });
  return isRefusedEverywhere(deployment, witness);
}

async function kidOf({ records }: Deployment, state: string): Promise<string> {
  const keys = await records.keys();
  return keys.find((key) => key.state === state)?.kid ?? '';
}

async function aWitness({ places: { auth } }: Deployment): Promise<Witness> {
  const person = aPerson();
  await register(auth, person);
  const first = pairOf(await login(auth, person));
  const second = pairOf(await refresh(auth, first.refreshToken, { resource: RESOURCES.billing }));
  const third = pairOf(await refresh(auth, second.refreshToken, { resource: auth }));
  return {
    orders: first.accessToken,
    billing: second.accessToken,
    auth: third.accessToken,
    refreshToken: third.refreshToken,
  };
}

async function isAcceptedEverywhere(deployment: Deployment, witness: Witness): Promise<void> {
  for (const [replica, call] of callsOf(deployment, witness)) {
    const { status, text } = await call();
    expect({ replica: replica.name, status, text }).toMatchObject({ status: 200 });
  }
}

/** Each process comes to know it by itself, and stays with it. */
async function isRefusedEverywhere(deployment: Deployment, witness: Witness): Promise<number> {
  const since = performance.now();
  for (const [replica, call] of callsOf(deployment, witness)) {
    await until(`${replica.name} refuses the token`, async () => {
      const { status, headers } = await call();
      return status === 401 && headers.get('www-authenticate')?.includes('error="invalid_token"');
    });
  }
  return Math.round(performance.now() - since);
}

function callsOf({ orders, billing }: Deployment, witness: Witness) {
  const call = (replica: Replica, path: string, token: string) =>
    [replica, () => send(`${replica.url}${path}`, { token })] as const;
  return [
    ...orders.map((replica) => call(replica, '/orders', witness.orders)),
    ...billing.map((replica) => call(replica, '/invoices', witness.billing)),
  ];
}
