import { Controller, Get, Header, HttpStatus, Inject, type Type } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Problem } from '../http/problem.js';
import { SERVICE_NAME } from '../service/service.module.js';
import { RequestCapacity } from '../service/request-limits.js';
import { ShutdownService } from '../service/shutdown.js';
import { ReadinessService } from './readiness.service.js';

/** Creates a controller class per call, because decorators change the class that they decorate. */
export function createHealthController(decorators: readonly ClassDecorator[]): Type {
  @ApiExcludeController()
  @Controller('health')
  class HealthController {
    constructor(
      private readonly readiness: ReadinessService,
      private readonly shutdown: ShutdownService,
      private readonly capacity: RequestCapacity,
      @Inject(SERVICE_NAME) private readonly service: string,
    ) {}

    @Get('live')
    @Header('Cache-Control', 'no-store')
    live() {
      return { status: 'up', service: this.service };
    }

    @Get('ready')
    @Header('Cache-Control', 'no-store')
    async ready() {
      if (this.shutdown.hasBegun)
        throw serviceUnavailable({ detail: 'The service is shutting down.' });
      if (this.capacity.isSaturated)
        throw serviceUnavailable({ detail: 'All places for requests are taken.' });
      const checks = await this.readiness.checkAll();
      if (Object.values(checks).includes('down'))
        throw serviceUnavailable({ extensions: { checks } });
      return { status: 'up', checks };
    }
  }

  for (const decorate of decorators) decorate(HealthController);
  return HealthController;
}

function serviceUnavailable(options: ConstructorParameters<typeof Problem>[1]): Problem {
  return new Problem(HttpStatus.SERVICE_UNAVAILABLE, options);
}
