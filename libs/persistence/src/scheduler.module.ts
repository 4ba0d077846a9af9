import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { CleanupJob } from './cleanup-job.js';
import { LeaseRepository } from './lease.repository.js';
import { Scheduler, type SchedulerOptions } from './scheduler.js';

const SCHEDULER_OPTIONS = Symbol('SCHEDULER_OPTIONS');

/** Recurring jobs of an app that imports {@link PersistenceModule}, whose database holds the leases. */
@Module({})
export class SchedulerModule {
  static forRoot(options: SchedulerOptions): DynamicModule {
    return SchedulerModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync(
    options: Pick<FactoryProvider<SchedulerOptions>, 'inject' | 'useFactory'>,
  ): DynamicModule {
    return {
      module: SchedulerModule,
      global: true,
      providers: [
        { provide: SCHEDULER_OPTIONS, ...options },
        {
          provide: Scheduler,
          inject: [LeaseRepository, SCHEDULER_OPTIONS],
          useFactory: (leases: LeaseRepository, given: SchedulerOptions) =>
            new Scheduler(leases, given),
        },
        {
          provide: CleanupJob,
          inject: [SCHEDULER_OPTIONS],
          useFactory: ({ clock }: SchedulerOptions) => new CleanupJob(clock),
        },
      ],
      exports: [Scheduler, CleanupJob],
    };
  }
}
