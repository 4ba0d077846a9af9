import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** A slower answer came from a database that stalled. Half of that time would be the error of the clock. */
const MAX_ROUND_TRIP_MS = 1_000;
/** A larger correction means that a clock was set or drifts: the next reading follows after the usual pause. */
const AGREEMENT_MS = 20;

/**
 * Replicas use the time of the database that they share. A machine with a wrong clock then issues tokens whose `iat` the other
 * replicas accept, and computes the same grace window. SQLite has no clock.
 */
@Injectable()
export class DatabaseClock implements OnModuleInit {
  private isSynchronized = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly scheduler: Scheduler,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!this.unitOfWork.isPostgres) return;
    const run = () => this.synchronize();
    this.scheduler.add({
      name: 'clock',
      everySeconds: 10,
      maxIdleSeconds: 60,
      runsOn: 'every replica',
      run,
    });
    await run();
  }

  /**
   * The database reads its clock between request and response, so the middle is wrong by at most half of that time.
   *
   * @returns whether the clock was wrong
   */
  private async synchronize(): Promise<boolean> {
    const requestedAt = this.clock.monotonic();
    const [row] = await this.unitOfWork.query<{ now: string }>(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now',
    );
    const receivedAt = this.clock.monotonic();
    if (this.isSynchronized && receivedAt - requestedAt > MAX_ROUND_TRIP_MS) return true;
    this.isSynchronized = true;
    const before = this.clock.now();
    this.clock.follow(Number(row?.now) - (requestedAt + receivedAt) / 2);
    return Math.abs(this.clock.now() - before) > AGREEMENT_MS;
  }
}
