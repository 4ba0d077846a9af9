import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const signals = ['SIGTERM', 'SIGINT'] as const;
const hookGraceMs = 2_000;
const logger = new Logger('Shutdown');

/**
 * On SIGTERM or SIGINT: not ready, no new connections, what is in flight is finished, then everything is closed and the
 * process exits with 0. After the deadline the connections that are left are cut.
 */
export function stopOnSignals(app: NestFastifyApplication, deadlineMs: number): void {
  for (const signal of signals) {
    process.once(signal, () => {
      logger.log(`${signal}: finishing what is in flight.`);
      cutAfter(deadlineMs, app);
    });
  }
  app.enableShutdownHooks([...signals], { useProcessExit: true });
}

function cutAfter(deadlineMs: number, app: NestFastifyApplication): void {
  setTimeout(() => {
    logger.warn('Requests in flight passed the deadline and were cut.');
    app.getHttpServer().closeAllConnections();
    setTimeout(() => process.exit(1), hookGraceMs).unref();
  }, deadlineMs).unref();
}
