import type { Database } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AskAgainException } from '@gatehouse/service-kit';
import fc from 'fast-check';
import { OAuthError } from '../../src/platform/oauth-error.js';
import type { RevocationReason } from '../../src/platform/security-events/security-event.js';
import type { RefreshTokenFormat } from '../../src/sessions/refresh-token-family.entity.js';
import type { RefreshTokenClient } from '../../src/sessions/refresh-token-limits.js';
import type { RefreshRequest } from '../../src/sessions/refresh-token-rotation.service.js';
import { anArrival } from '../support/factories.js';
import {
  ABSOLUTE,
  GRACE,
  IDLE,
  type Outcome,
  OWNER,
  RefreshTokenModel as Model,
} from '../support/refresh-token-model.js';
import {
  type RefreshTokenReplica,
  startRefreshTokenReplica,
} from '../support/refresh-token-replica.js';

import { TestClock } from '../support/test-auth.js';
import { lockOnPostgres, lockOnSqlite, type WriterLock } from '../support/writer-lock.js';

const ACCOUNT = { id: 'acct_test', passwordHash: 'a hash' };
const aClient = (id: string): RefreshTokenClient => ({
  id,
  refreshIdleTtl: null,
  refreshAbsoluteTtl: null,
});

interface Real {
  /** On PostgreSQL two, which take turns. */
  readonly replicas: readonly RefreshTokenReplica[];
  readonly lockTable: () => Promise<WriterLock>;
  readonly clock: TestClock;
  readonly familyId: string;
}
type Command = fc.AsyncCommand<Model, Real>;

const pickReplica = ({ replicas: [first, second] }: Real, turn: number): RefreshTokenReplica => {
  const picked = turn % 2 ? (second ?? first) : first;
  if (!picked) throw new Error('no replica runs');
  return picked;
};

class UseToken implements Command {
  constructor(
    private readonly back: number,
    private readonly times: number,
    private readonly client: string,
  ) {}
  check = (): boolean => true;
  toString = (): string => `${this.client} uses current-${this.back} ×${this.times}`;

  async run(model: Model, real: Real): Promise<void> {
    const generation = Math.max(0, model.generation - this.back);
    const uses = Array.from({ length: this.times }, (_, turn) => {
      const request = { client: aClient(this.client), arrival: anArrival(real.clock) };
      return presentToken(pickReplica(real, turn), { ...real, generation }, request);
    });
    const outcomes = await Promise.all(uses);
    expect(outcomes).toEqual(outcomes.map(() => model.use(generation, this.client)));
    await expectSameState(model, real);
  }
}

/** A request that waits before it is read, between its read and its write, and while it is written. */
class UseTokenSlowly implements Command {
  constructor(
    private readonly back: number,
    private readonly waits: readonly [number, number, number],
    private readonly othersUse: readonly [boolean, boolean],
  ) {}
  check = (): boolean => true;
  toString = (): string =>
    `owner uses current-${this.back} slowly: ${this.waits.join(' + ')} s, others ${this.othersUse.join()}`;

  async run(model: Model, real: Real): Promise<void> {
    const generation = Math.max(0, model.generation - this.back);
    const isHonest = generation === model.generation && model.endReason === null;
    const request = { client: aClient(OWNER), arrival: anArrival(real.clock) };
    const arrivedAt = model.now;
    const [unread, unwritten, writing] = this.waits;
    await this.wait(model, real, { seconds: unread, isUsed: this.othersUse[0] });

    const { rotation, format } = pickReplica(real, 1);
    const text = format.write({ familyId: real.familyId, generation });
    const validated = await catchOutcome(rotation.validate(text, request));
    const read = model.read(generation, OWNER, arrivedAt);
    if (typeof validated === 'string') {
      expect(validated).toBe(read);
    } else {
      await this.wait(model, real, { seconds: unwritten, isUsed: this.othersUse[1] });
      const written = read === 'current' ? model.write(generation, arrivedAt, writing) : read;
      const rotating = () => catchOutcome(rotation.rotate(validated));
      const successor =
        read === 'current' ? await stallWrite(rotating, writing, real) : await rotating();
      expect(readGeneration(format, successor)).toBe(written);
    }
    await expectSameState(model, real);
    if (isHonest) expect(model.endReason).toBeNull();
  }

  private async wait(
    model: Model,
    real: Real,
    { seconds, isUsed }: { seconds: number; isUsed: boolean },
  ): Promise<void> {
    await new AdvanceClock(seconds).run(model, real);
    if (isUsed) await new UseToken(0, 1, OWNER).run(model, real);
  }
}

async function stallWrite<T>(
  write: () => Promise<T>,
  seconds: number,
  { clock, lockTable }: Real,
): Promise<T> {
  if (seconds === 0) return write();
  const lock = await lockTable();
  const writing = write();
  await lock.waitUntilBlocking(writing);
  clock.advance({ seconds });
  await lock.release();
  return writing;
}

class AdvanceClock implements Command {
  constructor(private readonly seconds: number) {}
  check = (): boolean => true;
  toString = (): string => `advance ${this.seconds} s`;
  async run(model: Model, { clock }: Real): Promise<void> {
    model.advance(this.seconds);
    clock.advance({ seconds: this.seconds });
  }
}

class Logout implements Command {
  check = (): boolean => true;
  toString = (): string => 'logout';
  async run(model: Model, real: Real): Promise<void> {
    const generation = Math.max(0, model.generation - 1);
    const { tokens, format } = pickReplica(real, 0);
    await tokens.revoke(format.write({ familyId: real.familyId, generation }), OWNER);
    model.revoke('logout');
    await expectSameState(model, real);
  }
}

/** A revocation by the owner, the operator or a new password. */
class Revoke implements Command {
  constructor(private readonly reason: RevocationReason) {}
  check = (): boolean => true;
  toString = (): string => this.reason;
  async run(model: Model, real: Real): Promise<void> {
    const { revocation } = pickReplica(real, 1);
    if (this.reason === 'client_disabled') await revocation.revokeAllOfClient(OWNER, this.reason);
    else await revocation.revokeAllOfAccount(ACCOUNT.id, this.reason);
    model.revoke(this.reason);
    await expectSameState(model, real);
  }
}

interface PresentedToken {
  readonly familyId: string;
  readonly generation: number;
}

async function presentToken(
  { rotation, format }: RefreshTokenReplica,
  { familyId, generation }: PresentedToken,
  request: RefreshRequest,
): Promise<Outcome | undefined> {
  const text = format.write({ familyId, generation });
  const rotating = rotation.validate(text, request).then((validated) => rotation.rotate(validated));
  return readGeneration(format, await catchOutcome(rotating));
}

const readGeneration = (format: RefreshTokenFormat, text: string): Outcome | undefined =>
  text === 'rejected' || text === 'ask again' ? text : format.read(text)?.generation;

async function catchOutcome<T>(work: Promise<T>): Promise<T | 'rejected' | 'ask again'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AskAgainException) return 'ask again';
    if (error instanceof OAuthError && error.code === 'invalid_grant') return 'rejected';
    throw error;
  }
}

async function expectSameState(model: Model, real: Real): Promise<void> {
  const [row] = await pickReplica(real, 0).database.unitOfWork.query(
    `SELECT generation, end_reason FROM refresh_token_family WHERE id = $1`,
    [real.familyId],
  );
  expect(row).toEqual({ generation: model.generation, end_reason: model.endReason });
}

const age = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 4 }) },
);
const wait = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) },
  { weight: 2, arbitrary: fc.integer({ min: 10, max: 13 }) },
);
const slowUse = fc
  .record({
    back: age,
    waits: fc.tuple(wait, wait, wait),
    others: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ back, waits, others }) => new UseTokenSlowly(back, waits, others));

const commands = fc.commands(
  [
    fc
      .record({
        back: age,
        times: fc.integer({ min: 1, max: 4 }),
        client: fc.oneof({ weight: 9, arbitrary: fc.constant(OWNER) }, fc.constant('other')),
      })
      .map(({ back, times, client }) => new UseToken(back, times, client)),
    fc
      .constantFrom(1, GRACE - 1, GRACE, IDLE - 1, IDLE)
      .map((seconds) => new AdvanceClock(seconds)),
    fc.constant(new Logout()),
    fc
      .constantFrom<RevocationReason[]>('ended_by_owner', 'password_changed', 'client_disabled')
      .map((reason) => new Revoke(reason)),
    slowUse,
  ],
  { maxCommands: 25, size: 'max' },
);
/** Without revocations, so that many waits meet an active family. */
const slowCommands = fc.commands(
  [
    slowUse,
    fc.integer({ min: 1, max: GRACE }).map((seconds) => new AdvanceClock(seconds)),
    fc.integer({ min: 0, max: 1 }).map((back) => new UseToken(back, 1, OWNER)),
  ],
  { maxCommands: 8, size: 'max' },
);

eachDatabase('the state table of a refresh token family (RFC 9700 §4.14.2)', (fresh, name) => {
  let real: Omit<Real, 'familyId'>;
  beforeAll(async () => {
    const at = await fresh();
    const clock = new TestClock();
    const settings = {
      REFRESH_GRACE_SECONDS: String(GRACE),
      REFRESH_IDLE_TTL: String(IDLE),
      REFRESH_ABSOLUTE_TTL: String(ABSOLUTE),
      STATUS_LISTS: 'false',
    };
    const first = await startRefreshTokenReplica(at, clock, settings);
    const { unitOfWork } = first.database;
    await insertClientAndAccount(first.database);
    const { databaseUrl } = at;
    const replicas =
      databaseUrl === undefined
        ? [first]
        : [first, await startRefreshTokenReplica(at, clock, settings)];
    const lockTable = () =>
      databaseUrl === undefined ? lockOnSqlite(unitOfWork) : lockOnPostgres(databaseUrl);
    real = { replicas, lockTable, clock };
  });
  afterAll(() => Promise.all(real.replicas.map(({ database }) => database.close())));

  async function check(steps: Iterable<Command>): Promise<void> {
    const { tokens, format } = pickReplica({ ...real, familyId: '' }, 0);
    const created = await tokens.create({
      account: ACCOUNT,
      client: aClient(OWNER),
      scope: ['photos:read'],
      resources: ['http://localhost:3001'],
      device: { userAgent: null, origin: null },
    });
    const familyId = format.read(created?.token ?? '')?.familyId ?? '';
    const model = new Model(real.clock.now() / 1000, name === 'SQLite');
    await fc.asyncModelRun(() => ({ model, real: { ...real, familyId } }), steps);
  }

  it('decides every outcome in any order of rotations, revocations, waits and clock steps, also for concurrent requests', async () => {
    const numRuns = name === 'SQLite' ? 150 : 60;
    await fc.assert(fc.asyncProperty(commands, check), { numRuns });
  });

  it('ends no family for a token that was current when its request arrived, however long the server waits to read and write it', async () => {
    const numRuns = name === 'SQLite' ? 800 : 600;
    await fc.assert(fc.asyncProperty(slowCommands, check), { numRuns });
  });
});

async function insertClientAndAccount({ unitOfWork }: Database): Promise<void> {
  await unitOfWork.execute(
    `INSERT INTO account (id, email, password_hash, created_at) VALUES ('${ACCOUNT.id}', 'a@b.c', '${ACCOUNT.passwordHash}', 0)`,
  );
  await unitOfWork.execute(
    `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, created_at)
     VALUES ('${OWNER}', 'none', '', '', '', 0)`,
  );
}
