import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { Clock } from '../clock.js';
import { ProblemDetailsFilter } from '../http/problem-details.filter.js';
import { SchemaPipe } from '../http/schema.pipe.js';
import { Metrics } from '../observability/metrics.js';
import { ShutdownService } from './shutdown.js';

/** Injection token of the name that was given to `ServiceModule.forRoot`. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');

interface ServiceModuleOptions {
  readonly name: string;
  /** Tests bring their own and move it. Default: the system's. */
  readonly clock?: Clock;
}

/**
 * What every service shares. Import it first: Nest asks the filters of later modules before those of earlier ones, and the
 * filter in here takes whatever they leave.
 */
@Module({})
export class ServiceModule {
  static forRoot({ name, clock = new Clock() }: ServiceModuleOptions): DynamicModule {
    return {
      module: ServiceModule,
      global: true,
      providers: [
        Metrics,
        ShutdownService,
        { provide: Clock, useValue: clock },
        { provide: SERVICE_NAME, useValue: name },
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        { provide: APP_PIPE, useClass: SchemaPipe },
      ],
      exports: [Clock, Metrics, ShutdownService, SERVICE_NAME],
    };
  }
}
