import { type Database, openDatabase } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { ServerSecrets } from '../../src/platform/server-secrets.js';
import { OAuthError } from '../../src/platform/oauth-error.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { RefreshTokenRevocation } from '../../src/sessions/refresh-token-revocation.service.js';
import { type RefreshTokenClient, RefreshTokenLimits } from '../../src/sessions/session-limits.js';
import type { RevocationReason } from '../../src/sessions/refresh-token-family.entity.js';
import { RefreshTokenFormat } from '../../src/sessions/refresh-token-format.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { SecurityEventService } from '../../src/platform/security-events/security-event.service.js';
import { StatusListRepository } from '../../src/tokens/status-lists/status-list.repository.js';
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

/** What the state table says, in the plainest words: no database, no token, two numbers and a few dates. */
class Model {
  generation = 0;
  endReason: RevocationReason | null = null;
  private rotatedAt: number;
  private idleEnd: number;
  private readonly absoluteEnd: number;

  constructor(private now: number) {
    this.rotatedAt = now;
    this.idleEnd = now + IDLE;
    this.absoluteEnd = now + ABSOLUTE;
  }
  pass(seconds: number): void {
    this.now += seconds;
  }
  end(reason: RevocationReason): void {
    this.endReason ??= reason;
  }
  /** @returns the generation of the successor, or `refused` */
  use(generation: number, client: string): number | 'refused' {
    if (client !== OWNER || this.endReason) return 'refused';
    if (this.now >= Math.min(this.idleEnd, this.absoluteEnd)) return 'refused';
    if (generation === this.generation) {
      this.generation += 1;
      this.rotatedAt = this.now;
      this.idleEnd = this.now + IDLE;
      return this.generation;
    }
    if (generation === this.generation - 1 && this.now < this.rotatedAt + GRACE) {
      return this.generation;
    }
    this.endReason = generation > this.generation ? 'rolled_back' : 'reuse';
    return 'refused';
  }
}

interface Real {
  readonly life: RefreshTokenRevocation;
  readonly tokens: RefreshTokenService;
  readonly format: RefreshTokenFormat;
  readonly clock: TestClock;
  readonly familyId: string;
  readonly database: Database;
}
type Command = fc.AsyncCommand<Model, Real>;

class Use implements Command {
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
    const uses = Array.from({ length: this.times }, () => useToken(real.tokens, token, client));
    const outcomes = (await Promise.all(uses)).map((text) =>
      text === 'refused' ? text : real.format.read(text)?.generation,
    );
    expect(outcomes).toEqual(outcomes.map(() => model.use(generation, this.client)));
    await agree(model, real);
  }
}

class Pass implements Command {
  constructor(private readonly seconds: number) {}
  check = (): boolean => true;
  toString = (): string => `${this.seconds} s pass`;
  async run(model: Model, { clock }: Real): Promise<void> {
    model.pass(this.seconds);
    clock.advance({ seconds: this.seconds });
  }
}

class Logout implements Command {
  check = (): boolean => true;
  toString = (): string => 'logout';
  async run(model: Model, real: Real): Promise<void> {
    const generation = Math.max(0, model.generation - 1);
    await real.tokens.revoke(real.format.write({ familyId: real.familyId, generation }), OWNER);
    model.end('logout');
    await agree(model, real);
  }
}

/** From every other side, whatever was first. */
class End implements Command {
  constructor(private readonly reason: RevocationReason) {}
  check = (): boolean => true;
  toString = (): string => this.reason;
  async run(model: Model, real: Real): Promise<void> {
    const which =
      this.reason === 'client_disabled' ? { clientId: OWNER } : { accountId: ACCOUNT.id };
    await real.life.revoke(which, this.reason);
    model.end(this.reason);
    await agree(model, real);
  }
}

async function useToken(
  tokens: RefreshTokenService,
  token: string,
  client: RefreshTokenClient,
): Promise<string> {
  try {
    return await tokens.rotate(await tokens.validate(token, client));
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_grant') return 'refused';
    throw error;
  }
}

async function agree(model: Model, { database, familyId }: Real): Promise<void> {
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
      .map(({ back, times, client }) => new Use(back, times, client)),
    fc.constantFrom(1, GRACE - 1, GRACE, IDLE - 1, IDLE).map((seconds) => new Pass(seconds)),
    fc.constant(new Logout()),
    fc
      .constantFrom<RevocationReason[]>('ended_by_owner', 'password_changed', 'client_disabled')
      .map((reason) => new End(reason)),
  ],
  { maxCommands: 25 },
);

eachDatabase('the state table of a refresh token family', (fresh, name) => {
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
    await ownerAndAccount(database);
    const clock = new TestClock();
    const format = new RefreshTokenFormat(new ServerSecrets(['a secret of the test, long enough']));
    const { unitOfWork } = database;
    const life = new RefreshTokenRevocation(
      unitOfWork,
      clock,
      new SecurityEventService(unitOfWork, clock),
      new NotificationRepository(unitOfWork, clock),
    );
    const limits = new RefreshTokenLimits(clock, config);
    const statusLists = new StatusListService(
      new StatusListRepository(unitOfWork, clock),
      unitOfWork,
      clock,
      config,
    );
    const tokens = new RefreshTokenService(unitOfWork, format, life, limits, statusLists);
    real = { tokens, life, format, clock, database };
  });
  afterAll(() => database.close());

  it('is what the server does, whatever happens in whatever order, one at a time or at once', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const begun = await real.tokens.create({
          account: ACCOUNT,
          client: aClient(OWNER),
          scope: ['orders:read'],
          resources: ['http://localhost:3001'],
          device: { userAgent: null, origin: null },
        });
        const familyId = real.format.read(begun?.token ?? '')?.familyId ?? '';
        const model = new Model(real.clock.now() / 1000);
        await fc.asyncModelRun(() => ({ model, real: { ...real, familyId } }), steps);
      }),
      { numRuns: name === 'SQLite' ? 150 : 60 },
    );
  });
});

async function ownerAndAccount({ unitOfWork }: Database): Promise<void> {
  await unitOfWork.execute(
    `INSERT INTO account (id, email, password_hash, created_at) VALUES ('${ACCOUNT.id}', 'a@b.c', '${ACCOUNT.passwordHash}', 0)`,
  );
  await unitOfWork.execute(
    `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, created_at)
     VALUES ('${OWNER}', 'none', '', '', '', 0)`,
  );
}
