import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** After the begin of shutdown every answer closes its connection. A kept connection would delay the end of the process. */
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

/** The state of the shutdown. After its begin the service is not ready and keeps no connection open. */
@Injectable()
export class ShutdownService implements OnModuleDestroy, OnApplicationShutdown {
  private isShuttingDown = false;
  private readonly finalTasks: ShutdownTask[] = [];

  get hasBegun(): boolean {
    return this.isShuttingDown;
  }

  /** Adds a task that runs after the last answer, when connections are closed. */
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
 * On SIGTERM or SIGINT the service is not ready and accepts no new connections. It finishes the requests in flight, closes
 * everything and exits with 0. At the deadline it cuts the open connections.
 */
export function stopOnSignals(app: NestFastifyApplication, deadlineMs: number): void {
  for (const signal of SHUTDOWN_SIGNALS) {
    process.once(signal, () => {
      logger.log(`${signal}: finishing the requests in flight.`);
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
