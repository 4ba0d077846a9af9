import type { Server } from 'node:http';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
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

/** The state of the shutdown. After its begin the service is not ready, and each answer closes its connection. */
@Injectable()
export class ShutdownService implements OnModuleDestroy, OnApplicationShutdown {
  private isShuttingDown = false;
  private readonly finalTasks: ShutdownTask[] = [];

  get hasBegun(): boolean {
    return this.isShuttingDown;
  }

  begin(): void {
    this.isShuttingDown = true;
  }

  /** Adds a task that runs after the last answer, when connections are closed. */
  runAfterShutdown(work: ShutdownTask): void {
    this.finalTasks.push(work);
  }

  onModuleDestroy(): void {
    this.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const work of this.finalTasks) await work();
  }
}

const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const HOOK_GRACE_MS = 2_000;
/**
 * How long connections are still accepted after the signal, in milliseconds. Each client with requests under way gets an answer
 * with `Connection: close` in this time, and opens its next connection elsewhere. A longer pause, until a load balancer stops
 * sending, belongs into a preStop hook (deploy/k8s).
 */
const DRAIN_MS = 1_000;
const DRAIN_CHECK_MS = 20;
const QUIET_CHECKS = 5;
const logger = new Logger('Shutdown');

/**
 * On SIGTERM or SIGINT the service is not ready, and answers close their connections. After a moment it accepts no new
 * connections. It finishes the requests in flight, closes everything and exits with 0. At the deadline it cuts the open
 * connections.
 */
export function stopOnSignals(app: NestFastifyApplication, deadlineMs: number): void {
  for (const signal of SHUTDOWN_SIGNALS) {
    process.once(signal, () => {
      logger.log(`${signal}: finishing the requests in flight.`);
      closeConnectionsAfter(deadlineMs, app);
      void stop(app);
    });
  }
}

async function stop(app: NestFastifyApplication): Promise<void> {
  app.get(ShutdownService).begin();
  try {
    const server: Server = app.getHttpServer();
    await drain(server);
    await waitForQuietTurn(server);
    // Resolves when the last request in flight is answered.
    await new Promise((resolve) => server.close(resolve));
    await app.close();
    process.exit(0);
  } catch (error) {
    logger.error(error instanceof Error ? error : String(error));
    process.exit(1);
  }
}

/** Waits at most {@link DRAIN_MS}. It ends earlier when no client is connected, and none came for a while. */
async function drain(server: Server): Promise<void> {
  const end = performance.now() + DRAIN_MS;
  for (let quiet = 0; quiet < QUIET_CHECKS && performance.now() < end;) {
    quiet = (await countConnections(server)) === 0 ? quiet + 1 : 0;
    await delay(DRAIN_CHECK_MS);
  }
}

const QUIET_TURN_MS = 0.5;
const MAX_QUIET_WAIT_MS = 500;

/**
 * Waits for a short turn of the event loop in which no connection came. libuv accepts one connection in each turn, so then all
 * are accepted, and closing the port resets none.
 */
async function waitForQuietTurn(server: Server): Promise<void> {
  const end = performance.now() + MAX_QUIET_WAIT_MS;
  let isQuiet = false;
  server.on('connection', () => (isQuiet = false));
  while (!isQuiet && performance.now() < end) {
    const begin = performance.now();
    isQuiet = true;
    await nextTurn();
    isQuiet &&= performance.now() - begin < QUIET_TURN_MS;
  }
}

const countConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));

function closeConnectionsAfter(deadlineMs: number, app: NestFastifyApplication): void {
  setTimeout(() => {
    logger.warn('Requests in flight passed the deadline and were cut.');
    app.getHttpServer().closeAllConnections();
    setTimeout(() => process.exit(1), HOOK_GRACE_MS).unref();
  }, deadlineMs).unref();
}
