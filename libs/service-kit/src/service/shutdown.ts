import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Once shutdown has begun every answer ends its connection: a connection kept alive would hold the process up until it idles out. */
export function closeConnectionsOnShutdown(app: NestFastifyApplication): void {
  const shutdown = app.get(ShutdownService);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, _payload, done) => {
      if (shutdown.hasBegun) reply.header('Connection', 'close');
      done();
    });
}

type ShutdownTask = () => void | Promise<void>;

/** Whether the service has been told to stop. From then on it is not ready, and keeps no connection open. */
@Injectable()
export class ShutdownService implements OnModuleDestroy, OnApplicationShutdown {
  private isShuttingDown = false;
  private readonly finalTasks: ShutdownTask[] = [];

  get hasBegun(): boolean {
    return this.isShuttingDown;
  }

  /** Done once the last request was answered and connections are closed. */
  runAfterShutdown(work: ShutdownTask): void {
    this.finalTasks.push(work);
  }

  onModuleDestroy(): void {
    this.isShuttingDown = true;
  }

  async onApplicationShutdown(): Promise<void> {
    for (const work of this.finalTasks) await work();
  }
}

const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const HOOK_GRACE_MS = 2_000;
const logger = new Logger('Shutdown');

/**
 * On SIGTERM or SIGINT: not ready, no new connections, what is in flight is finished, then everything is closed and the
 * process exits with 0. After the deadline the connections that are left are cut.
 */
export function stopOnSignals(app: NestFastifyApplication, deadlineMs: number): void {
  for (const signal of SHUTDOWN_SIGNALS) {
    process.once(signal, () => {
      logger.log(`${signal}: finishing what is in flight.`);
      closeConnectionsAfter(deadlineMs, app);
    });
  }
  app.enableShutdownHooks([...SHUTDOWN_SIGNALS], { useProcessExit: true });
}

function closeConnectionsAfter(deadlineMs: number, app: NestFastifyApplication): void {
  setTimeout(() => {
    logger.warn('Requests in flight passed the deadline and were cut.');
    app.getHttpServer().closeAllConnections();
    setTimeout(() => process.exit(1), HOOK_GRACE_MS).unref();
  }, deadlineMs).unref();
}
