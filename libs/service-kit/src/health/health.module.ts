import {
  type DynamicModule,
  type FactoryProvider,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HEALTH_CHECKS, type HealthChecks, ReadinessService } from './readiness.service.js';
import { createHealthController } from './health.controller.js';

interface HealthModuleOptions {
  readonly imports?: ModuleMetadata['imports'];
  readonly inject: NonNullable<FactoryProvider['inject']>;
  /** The checks of /health/ready by name. A check that rejects, or takes longer than two seconds, is down. */
  // Nest passes the providers of `inject` in this order. Their types are known to the factory only.
  readonly useFactory: (...dependencies: never[]) => HealthChecks;
  /** Decorators for the controller, for instance the one that makes its routes public. */
  readonly decorators?: readonly ClassDecorator[];
}

/** GET /health/live: the process answers. GET /health/ready: it can do its work. */
@Module({})
export class HealthModule {
  static forRootAsync({
    imports = [],
    inject,
    useFactory,
    decorators = [],
  }: HealthModuleOptions): DynamicModule {
    return {
      module: HealthModule,
      imports: [...imports, TerminusModule.forRoot({ errorLogStyle: 'json' })],
      controllers: [createHealthController(decorators)],
      providers: [ReadinessService, { provide: HEALTH_CHECKS, inject, useFactory }],
    };
  }
}
