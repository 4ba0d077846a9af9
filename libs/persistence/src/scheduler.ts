import { randomUUID } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HeldLease, type TimeSource } from './held-lease.js';
import { type Job, JobRunner } from './job-runner.js';
import { LeaseRepository } from './lease.repository.js';

export interface SchedulerOptions {
  readonly clock: TimeSource;
  /** Name of the lease that all jobs `runsOn: 'one replica'` share. Required when there is such a job. */
  readonly leaderLease?: string;
  /** Whether this process may hold {@link leaderLease}. Default: true. */
  readonly canLead?: boolean;
  /** The longest pause of a job that finds no work. Default: no pause grows. */
  readonly maxIdleSeconds?: number;
}

/** If the holder dies, another replica takes the jobs over after this time. */
const LEADER_LEASE_SECONDS = 15;
const JOB_LEASE_SECONDS = 5;

/** Runs the recurring jobs of a process. Modules add theirs in `onModuleInit`; all start when the application has started. */
@Injectable()
export class Scheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly holder = randomUUID();
  private readonly jobs = new Map<string, { readonly job: Job; readonly runner: JobRunner }>();
  private readonly leaderLease: HeldLease;

  constructor(
    private readonly leases: LeaseRepository,
    private readonly options: SchedulerOptions,
  ) {
    this.leaderLease = this.createLease(options.leaderLease ?? '', LEADER_LEASE_SECONDS);
    leases.onOtherWrite(() => {
      for (const { runner } of this.jobs.values()) runner.wake();
    });
  }

  add(job: Job): void {
    const { name, runsOn } = job;
    if (this.jobs.has(name)) throw new Error(`two jobs have the name ${name}`);
    if (runsOn === 'one replica' && this.options.leaderLease === undefined) {
      throw new Error(`job ${name} needs the option leaderLease`);
    }
    const lease =
      runsOn === 'lease holder' ? this.createLease(name, JOB_LEASE_SECONDS) : this.leaderLease;
    const runner = new JobRunner(job, lease, this.options.maxIdleSeconds);
    this.jobs.set(name, { job, runner });
  }

  /** Runs a job once and waits for its end, also when another replica holds the lease. */
  async runNow(name: string): Promise<void> {
    const entry = this.jobs.get(name);
    if (!entry) throw new Error(`no job has the name ${name}`);
    await entry.runner.runNow();
  }

  onApplicationBootstrap(): void {
    const { canLead = true } = this.options;
    for (const { job, runner } of this.jobs.values()) {
      if (canLead || job.runsOn !== 'one replica') runner.start();
    }
  }

  /** Waits for the runs in progress while the database is still open. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.jobs.values()].map(({ runner }) => runner.stop()));
    await this.leaderLease.release().catch(() => undefined);
  }

  private createLease(name: string, seconds: number): HeldLease {
    return new HeldLease(this.leases, this.options.clock, { name, holder: this.holder, seconds });
  }
}
