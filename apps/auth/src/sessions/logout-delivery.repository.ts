import { Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';

/** A session that the client has to end, and the client receives logout tokens. */
export interface EndedSession {
  readonly clientId: string;
  readonly accountId: string;
  /** `sid`. */
  readonly sessionId: string;
}

/** A delivery that this replica has claimed. */
export interface ClaimedLogout extends EndedSession {
  /** When the session ended, in epoch milliseconds; PostgreSQL returns it as text. */
  readonly createdAt: number | string;
  readonly attempts: number;
  /** Null if the account was erased. */
  readonly pairwiseSeed: string | null;
}

const COLUMNS = `client_id AS "clientId", account_id AS "accountId", session_id AS "sessionId", created_at AS "createdAt",
  attempts, (SELECT pairwise_seed FROM account WHERE account.id = logout_delivery.account_id AND erased_at IS NULL) AS "pairwiseSeed"`;

/** Logout tokens that clients have not received. Each is stored with the end of its session and deleted after its delivery. */
@Injectable()
export class LogoutDeliveryRepository {
  readonly outbox: Outbox<ClaimedLogout>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    @Inject(Metrics) metrics = new Metrics(),
  ) {
    this.outbox = new Outbox(unitOfWork, clock, {
      table: 'logout_delivery',
      key: 'session_id',
      columns: COLUMNS,
      claimMs: 10_000,
      minPauseMs: 2_000,
      maxPauseMs: 300_000,
    });
    const help = 'Age of the oldest logout token that its client has not accepted.';
    metrics.gauge({ name: 'logout_delivery_lag_seconds', help }, () => this.findLagSeconds());
  }

  /** Joins the transaction in which the session ends. A session has one delivery at a time. */
  async enqueue({ clientId, accountId, sessionId }: EndedSession): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO logout_delivery (session_id, client_id, account_id, created_at, attempts, next_attempt_at)
       VALUES ($1, $2, $3, $4, 0, $4) ON CONFLICT (session_id) DO NOTHING`,
      [sessionId, clientId, accountId, this.clock.now()],
    );
  }

  /** 0 when no token waits. */
  private async findLagSeconds(): Promise<number> {
    const [row] = await this.unitOfWork.query<{ since: string | number | null }>(
      'SELECT MIN(created_at) AS since FROM logout_delivery',
    );
    const since = row?.since ?? null;
    return since === null ? 0 : (this.clock.now() - Number(since)) / 1000;
  }
}
