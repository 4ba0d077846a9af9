import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { Clock } from '../clock.js';
import { ProblemDetailsFilter } from '../http/problem-details.filter.js';
import { SchemaPipe } from '../http/schema.pipe.js';
import { Metrics } from '../observability/metrics.js';
import { RequestCapacity } from './request-limits.js';
import { ShutdownService } from './shutdown.js';

/** Injection token of the option `name` of `ServiceModule.forRoot`. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');

interface ServiceModuleOptions {
  readonly name: string;
  /** Tests provide a clock that they move. Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * The parts that all services share. Import it first: Nest tries the filters of later modules before those of earlier ones, and
 * the filter of this module accepts every exception.
 */
@Module({})
export class ServiceModule {
  static forRoot({ name, clock = new Clock() }: ServiceModuleOptions): DynamicModule {
    return {
      module: ServiceModule,
      global: true,
      providers: [
        Metrics,
        RequestCapacity,
        ShutdownService,
        { provide: Clock, useValue: clock },
        { provide: SERVICE_NAME, useValue: name },
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        { provide: APP_PIPE, useClass: SchemaPipe },
      ],
      exports: [Clock, Metrics, RequestCapacity, ShutdownService, SERVICE_NAME],
    };
  }
}
