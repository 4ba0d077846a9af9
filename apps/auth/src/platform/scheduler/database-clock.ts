import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Scheduler } from './scheduler.js';

/**
 * Replicas tell the time by the database that they share: a machine whose clock is off issues tokens that begin when
 * the others say so, and counts the same grace window as they do. SQLite has no clock of its own.
 */
@Injectable()
export class DatabaseClock implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly scheduler: Scheduler,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!this.unitOfWork.isPostgres) return;
    const work = () => this.synchronize();
    this.scheduler.add({ name: 'clock', everySeconds: 10, by: 'every replica', work });
    await work();
  }

  /** The answer was written at some moment between question and arrival: the middle is off by half of that at most. */
  private async synchronize(): Promise<void> {
    const asked = Date.now();
    const [row] = await this.unitOfWork.query<{ now: string }>(
      'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now',
    );
    const arrived = Date.now();
    this.clock.setOffset(Number(row?.now) - (asked + arrived) / 2);
  }
}
