import { setTimeout } from 'node:timers/promises';
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Post,
} from '@nestjs/common';
import { z } from 'zod';
import {
  commonSettings,
  HealthModule,
  loadConfig,
  runService,
  ServiceModule,
  runMain,
} from '../../src/index.js';

/** A stand-in for a database. It must be open until the last request in flight is answered. */
@Injectable()
class Database implements OnApplicationShutdown {
  private open = true;

  async query(ms: number): Promise<boolean> {
    await setTimeout(ms);
    return this.open;
  }

  onApplicationShutdown(): void {
    this.open = false;
    process.stderr.write('database closed\n');
  }
}

@Controller()
class SlowController {
  constructor(private readonly database: Database) {}

  @Get('slow')
  async slow() {
    process.stderr.write('in flight\n');
    return { open: await this.database.query(600) };
  }

  @Post('echo')
  echo(@Body() body: unknown) {
    return { body };
  }

  @Get('fast')
  fast() {
    return { ok: true };
  }

  /** Blocks the event loop, as a long computation does. */
  @Get('busy')
  busy() {
    process.stderr.write('in flight\n');
    const end = performance.now() + 2_500;
    while (performance.now() < end);
    return { ok: true };
  }

  @Get('stuck')
  async stuck() {
    process.stderr.write('in flight\n');
    return { open: await this.database.query(60_000) };
  }
}

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'demo' }),
    HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) }),
  ],
  controllers: [SlowController],
  providers: [Database],
})
class AppModule {}

await runMain(async () => {
  const config = loadConfig(z.object(commonSettings({ port: 3001 })));
  await runService(AppModule, {
    name: 'demo',
    logLevel: config.LOG_LEVEL,
    host: config.HOST,
    port: config.PORT,
    shutdownDeadlineMs: Number(process.env['SHUTDOWN_DEADLINE_MS'] ?? 2_500),
    ...(process.env['MAX_EVENT_LOOP_DELAY_MS'] && {
      maxEventLoopDelayMs: Number(process.env['MAX_EVENT_LOOP_DELAY_MS']),
    }),
  });
});
