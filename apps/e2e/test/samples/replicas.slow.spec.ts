import { setTimeout as sleep } from 'node:timers/promises';
import { type EventRow, readFamilies, toSessionId } from '../support/auth-database.js';
import {
  countByType,
  findChainBreaks,
  listDetailValues,
  measureGaps,
} from '../support/replicas/event-chain.js';
import { deploy, type Deployment } from '../support/replicas/deployment.js';
import { KeyWatch } from '../support/replicas/key-watch.js';
import { Ledger } from '../support/replicas/ledger.js';
import { SimulatedUser } from '../support/replicas/simulated-user.js';
import {
  endSession,
  restartPostgres,
  revokeActiveKey,
} from '../support/replicas/scenario-steps.js';
import { waitUntil } from '../support/wait-until.js';

const PEOPLE = 6;
const ROTATIONS = 5;
const PERIOD_SECONDS = 10;
const NEW_DEVICE_PAUSE_MS = 1_000;

/** A key is published for 10 s before it signs: 5 s that verifiers may keep the set, and 5 s until every replica knows. */
const SETTINGS = {
  KEY_ROTATION_PERIOD: String(PERIOD_SECONDS),
  // One ring of keys, so that the counts are those of one.
  ID_TOKEN_ALGORITHM: 'ES256',
  KEY_SET_MAX_AGE: '5',
  CLOCK_SKEW: '0',
  REFRESH_GRACE_SECONDS: '60',
  SESSIONS_PER_ACCOUNT: '1000',
};
const NO_MORE_ROTATIONS = { KEY_ROTATION_PERIOD: '3600' };

const ledger = new Ledger();
let deployment: Deployment;
let people: readonly SimulatedUser[];
let watch: KeyWatch;
let events: readonly EventRow[] = [];
let bounds: readonly string[] = [];

/** One step after another, under load. A step is over when every process shows its effect. */
beforeAll(async () => {
  deployment = await deploy(ledger, SETTINGS);
  const { auth, orders, records, places } = deployment;
  const arrivals = Array.from({ length: PEOPLE }, () => new SimulatedUser(places, ledger).signUp());
  people = await Promise.all(arrivals);
  watch = new KeyWatch(records);
  const end = new AbortController();
  const load = [watch.watch(end.signal), logInOnNewDevices(end.signal)];
  load.push(...people.map((person) => person.useServices(end.signal)));

  await auth[0].killAndRestart();
  await orders[0].killAndRestart();
  const session = await endSession(deployment);
  await restartPostgres(deployment, ledger);
  await waitUntil('five rotations', async () => {
    return (await records.countEvents('signing_key.activated')) > ROTATIONS;
  });
  await restartAllReplicas();
  const key = await revokeActiveKey(deployment, ledger);
  bounds = [`ended session refused everywhere after ${session} ms`, `revoked key after ${key} ms`];

  end.abort();
  await Promise.all(load);
  await Promise.all(people.map((person) => person.refreshFor('orders')));
  events = await waitUntil('all events are in the chain', async () => {
    const all = await records.listEvents();
    return all.length > 0 && all.every(({ seq }) => seq !== null) && all;
  });
}, 400_000);

afterAll(() => {
  const lines = [
    ...Object.entries(ledger.counts).map(([what, count]) => `${count} × ${what}`),
    ...[...countByType(events)].map(([type, count]) => `${count} × event ${type}`),
    `${watch.looks} looks at the keys`,
    ...bounds,
  ];
  process.stdout.write(lines.map((line) => `  ${line}\n`).join(''));
});

describe('three auth, two orders and two billing processes, while keys rotate, a key and a session are revoked, processes die and PostgreSQL restarts', () => {
  it('accept every valid session and answer 503 while a dependency is down (RFC 9110 §15.6.4)', () => {
    expect(ledger.faults.slice(0, 20)).toEqual([]);
  });

  it('advance each refresh token family by the rotations that its client counted (RFC 9700 §4.14.2)', async () => {
    const rows = new Map((await readAllFamilies()).map(({ id, ...row }) => [id, row]));
    const expected = people.map(({ steps }) => ({ generation: steps, endReason: null }));
    expect(people.map(({ familyId }) => rows.get(familyId))).toEqual(expected);
    expect(Math.min(...people.map(({ steps }) => steps))).toBeGreaterThan(ROTATIONS);
  });

  it('record exactly one event for each login', async () => {
    const begun = listDetailValues(events, 'family.begun', 'sessionId').sort();
    expect(begun).toEqual((await readAllFamilies()).map(({ id }) => toSessionId(id)).sort());
    expect(begun).toEqual(expect.arrayContaining(people.flatMap(({ sessionIds }) => sessionIds)));
  });

  it('link all security events into one chain', () => {
    expect(findChainBreaks(events)).toEqual([]);
  });

  it('rotate keys once per period with one event for each step', async () => {
    const kids = (await deployment.records.listKeys()).map(({ kid }) => kid).sort();
    expect(listDetailValues(events, 'signing_key.staged', 'kid').sort()).toEqual(kids);
    for (const type of ['activated', 'retiring', 'revoked']) {
      const told = listDetailValues(events, `signing_key.${type}`, 'kid');
      expect(told).toEqual([...new Set(told)]);
    }
    expect(listDetailValues(events, 'signing_key.revoked', 'kid')).toHaveLength(1);
    // The last activation was the emergency's.
    const gaps = measureGaps(events, 'signing_key.activated').slice(0, -1);
    expect(gaps.length).toBeGreaterThanOrEqual(ROTATIONS);
    expect(Math.min(...gaps)).toBeGreaterThan((PERIOD_SECONDS - 1) * 1000);
  });

  it('keep exactly one active signing key at every observation', () => {
    expect(watch.violations).toEqual([]);
    expect(watch.looks).toBeGreaterThan(0);
  });

  it('log no unhandled error', () => {
    const faults = deployment.all.flatMap(({ name, output }) =>
      output.split('\n').flatMap((line) => (/unhandled/i.test(line) ? [`${name}: ${line}`] : [])),
    );
    expect(faults.slice(0, 5)).toEqual([]);
  });
});

/** The new period first, so that no key changes while verifiers start: each begins with a set that has the successor. */
async function restartAllReplicas(): Promise<void> {
  const { auth, orders, billing } = deployment;
  for (const replica of auth) expect(await replica.restart(NO_MORE_ROTATIONS)).toBe(0);
  for (const replica of [...orders, ...billing]) expect(await replica.restart()).toBe(0);
}

/** Logins are slow by design: a few are enough. */
async function logInOnNewDevices(end: AbortSignal): Promise<void> {
  for (let turn = 0; !end.aborted; turn += 1) {
    await people[turn % people.length]?.logIn();
    await sleep(NEW_DEVICE_PAUSE_MS);
  }
}

function readAllFamilies() {
  return readFamilies({ databaseUrl: deployment.settings['DATABASE_URL'] ?? '' });
}
