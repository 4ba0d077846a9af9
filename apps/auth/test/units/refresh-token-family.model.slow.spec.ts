import { CleanupJob, type Database, openDatabase } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { ServerSecrets } from '../../src/platform/server-secrets.js';
import { OAuthError } from '../../src/platform/oauth-error.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { RefreshTokenRevocation } from '../../src/sessions/refresh-token-revocation.service.js';
import {
  type RefreshTokenClient,
  RefreshTokenLimits,
  RefreshTokenService,
} from '../../src/sessions/refresh-token.service.js';
import type { RevocationReason } from '../../src/platform/security-events/security-event.js';
import {
  RefreshTokenFamily,
  RefreshTokenFormat,
} from '../../src/sessions/refresh-token-family.entity.js';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { Account } from '../../src/accounts/account.entity.js';
import { ResourceServerService } from '../../src/clients/resource-server.service.js';
import { AccountTransactionService } from '../../src/sessions/account-transaction.service.js';
import { BrowserSession } from '../../src/sessions/browser-session.entity.js';
import { BrowserSessionRepository } from '../../src/sessions/browser-session.repository.js';
import { RefreshTokenFamilyRepository } from '../../src/sessions/refresh-token-family.repository.js';
import { SecurityEventRepository } from '../../src/platform/security-events/security-event.repository.js';
import { SecurityEventService } from '../../src/platform/security-events/security-event.service.js';
import { StatusListRepository } from '../../src/tokens/status-lists/status-list.repository.js';
import { StatusSnapshotService } from '../../src/tokens/status-lists/status-snapshot.service.js';
import { StatusListService } from '../../src/tokens/status-lists/status-list.service.js';
import { TestClock, toDatabaseSettings } from '../support/test-auth.js';

const GRACE = 10;
const IDLE = 1_000;
const ABSOLUTE = 5_000;
const OWNER = 'owner';
const ACCOUNT = { id: 'acct_test', passwordHash: 'a hash' };
const aClient = (id: string): RefreshTokenClient => ({
  id,
  refreshIdleTtl: null,
  refreshAbsoluteTtl: null,
});

/** The state table as a model without database and tokens: two numbers and a few instants. */
class Model {
  generation = 0;
  endReason: RevocationReason | null = null;
  private rotatedAt: number;
  private idleExpiry: number;
  private readonly absoluteExpiry: number;

  constructor(private now: number) {
    this.rotatedAt = now;
    this.idleExpiry = now + IDLE;
    this.absoluteExpiry = now + ABSOLUTE;
  }
  advance(seconds: number): void {
    this.now += seconds;
  }
  revoke(reason: RevocationReason): void {
    this.endReason ??= reason;
  }
  /** @returns the generation of the successor, or `rejected` */
  use(generation: number, client: string): number | 'rejected' {
    if (client !== OWNER || this.endReason) return 'rejected';
    if (this.now >= Math.min(this.idleExpiry, this.absoluteExpiry)) return 'rejected';
    if (generation === this.generation) {
      this.generation += 1;
      this.rotatedAt = this.now;
      this.idleExpiry = this.now + IDLE;
      return this.generation;
    }
    if (generation === this.generation - 1 && this.now < this.rotatedAt + GRACE) {
      return this.generation;
    }
    this.endReason = generation > this.generation ? 'rolled_back' : 'reuse';
    return 'rejected';
  }
}

interface Real {
  readonly revocation: RefreshTokenRevocation;
  readonly tokens: RefreshTokenService;
  readonly format: RefreshTokenFormat;
  readonly clock: TestClock;
  readonly familyId: string;
  readonly database: Database;
}
type Command = fc.AsyncCommand<Model, Real>;

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
    const token = real.format.write({ familyId: real.familyId, generation });
    const client = aClient(this.client);
    const uses = Array.from({ length: this.times }, () => presentToken(real.tokens, token, client));
    const outcomes = (await Promise.all(uses)).map((text) =>
      text === 'rejected' ? text : real.format.read(text)?.generation,
    );
    expect(outcomes).toEqual(outcomes.map(() => model.use(generation, this.client)));
    await expectSameState(model, real);
  }
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
    await real.tokens.revoke(real.format.write({ familyId: real.familyId, generation }), OWNER);
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
    if (this.reason === 'client_disabled') {
      await real.revocation.revokeAllOfClient(OWNER, this.reason);
    } else {
      await real.revocation.revokeAllOfAccount(ACCOUNT.id, this.reason);
    }
    model.revoke(this.reason);
    await expectSameState(model, real);
  }
}

async function presentToken(
  tokens: RefreshTokenService,
  token: string,
  client: RefreshTokenClient,
): Promise<string> {
  try {
    return await tokens.rotate(await tokens.validate(token, client));
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_grant') return 'rejected';
    throw error;
  }
}

async function expectSameState(model: Model, { database, familyId }: Real): Promise<void> {
  const [row] = await database.unitOfWork.query(
    `SELECT generation, end_reason FROM refresh_token_family WHERE id = $1`,
    [familyId],
  );
  expect(row).toEqual({ generation: model.generation, end_reason: model.endReason });
}

const commands = fc.commands(
  [
    fc
      .record({
        back: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 3, arbitrary: fc.constant(1) },
          { weight: 1, arbitrary: fc.integer({ min: -1, max: 4 }) },
        ),
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
  ],
  { maxCommands: 25 },
);

eachDatabase('the state table of a refresh token family (RFC 9700 §4.14.2)', (fresh, name) => {
  let database: Database;
  let real: Omit<Real, 'familyId'>;
  beforeAll(async () => {
    const config = authConfig({
      ...toDatabaseSettings(await fresh()),
      REFRESH_GRACE_SECONDS: String(GRACE),
      REFRESH_IDLE_TTL: String(IDLE),
      REFRESH_ABSOLUTE_TTL: String(ABSOLUTE),
      STATUS_LISTS: 'false',
    });
    database = await openDatabase(authDatabase(config));
    await insertClientAndAccount(database);
    const clock = new TestClock();
    const format = new RefreshTokenFormat(new ServerSecrets(['a secret of the test, long enough']));
    const { unitOfWork } = database;
    const lists = new StatusListRepository(unitOfWork, clock);
    const cleanup = new CleanupJob(clock);
    const families = new RefreshTokenFamilyRepository(
      database.reader.getRepository(RefreshTokenFamily),
      unitOfWork,
      new StatusListService(lists, unitOfWork, clock, config),
      new StatusSnapshotService(lists, clock, config),
      cleanup,
    );
    const notifications = new NotificationRepository(unitOfWork, clock);
    const revocation = new RefreshTokenRevocation(
      unitOfWork,
      families,
      clock,
      new SecurityEventService(new SecurityEventRepository(unitOfWork), clock),
      notifications,
    );
    const transactions = new AccountTransactionService(
      unitOfWork,
      new AccountRepository(
        database.reader.getRepository(Account),
        unitOfWork,
        clock,
        notifications,
        cleanup,
      ),
      new BrowserSessionRepository(
        database.reader.getRepository(BrowserSession),
        unitOfWork,
        cleanup,
        config,
      ),
      clock,
      new ResourceServerService(config, new AccountRoleRepository(unitOfWork, clock)),
    );
    const limits = new RefreshTokenLimits(clock, config);
    const tokens = new RefreshTokenService(families, transactions, format, revocation, limits);
    real = { tokens, revocation, format, clock, database };
  });
  afterAll(() => database.close());

  it('decides every outcome in any order of rotations, revocations and clock steps, also for concurrent requests', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const created = await real.tokens.create({
          account: ACCOUNT,
          client: aClient(OWNER),
          scope: ['orders:read'],
          resources: ['http://localhost:3001'],
          device: { userAgent: null, origin: null },
        });
        const familyId = real.format.read(created?.token ?? '')?.familyId ?? '';
        const model = new Model(real.clock.now() / 1000);
        await fc.asyncModelRun(() => ({ model, real: { ...real, familyId } }), steps);
      }),
      { numRuns: name === 'SQLite' ? 150 : 60 },
    );
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
