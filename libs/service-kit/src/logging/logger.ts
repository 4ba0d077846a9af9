import { context, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './log-level.js';
import { redact, redactText } from './redact.js';
import { timestamp } from './timestamp.js';

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly name: string;
  readonly logLevel: LogLevel;
  /** Where lines go instead of standard output. */
  readonly logTo?: DestinationStream;
}

/** JSON lines, so that no value can forge one. Secrets are taken out in one place, whatever is logged. */
export function createLogger({ name, logLevel, logTo = standardOutput() }: LoggerOptions): Logger {
  return pino(
    {
      name,
      level: logLevel,
      base: { name },
      timestamp,
      mixin: traceMember,
      formatters: { level: (level) => ({ level }), log: redact },
      serializers: { err: describeError },
    },
    logTo,
  );
}

/** What a request caused shares the id of its trace, also across services. */
function traceMember(): object {
  const traceId = trace.getSpanContext(context.active())?.traceId;
  return traceId === undefined ? {} : { traceId };
}

let output: DestinationStream | undefined;

/**
 * One for the process. Lines are gathered, up to 16 kB or for at most 100 ms, because a write for each request would cost
 * more than the request; what is left is written when the process exits.
 */
function standardOutput(): DestinationStream {
  return (output ??= gatheredOutput());
}

function gatheredOutput(): DestinationStream {
  const destination = pino.destination({ sync: true, minLength: 16_000, periodicFlush: 100 });
  process.once('exit', () => destination.flushSync());
  return destination;
}

/** Only these members: database drivers hang statements and their parameters on the errors that they throw. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return redactText(String(error));
  return {
    type: error.name,
    message: redactText(error.message),
    code: 'code' in error ? String(error.code) : undefined,
    stack: redactText(error.stack ?? ''),
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
