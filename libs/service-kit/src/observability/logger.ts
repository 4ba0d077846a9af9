import type { LoggerService } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../configuration/log-level.js';
import { readTraceId } from '../tracing/tracing.js';
import { redact, redactText } from './redact.js';

let lastInstant = 0;
let lastText = '';

/** The time member of a log line, ISO 8601 in UTC. Lines of one millisecond share the text because formatting is expensive. */
export function formatTimestamp(): string {
  const now = Date.now();
  if (now !== lastInstant) {
    lastInstant = now;
    lastText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastText;
}

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly name: string;
  readonly logLevel: LogLevel;
  /** Destination of the lines. Default: standard output. */
  readonly logTo?: DestinationStream;
}

/** Writes JSON lines, so no value can forge a line. Secrets are removed here, for all lines. */
export function createLogger({
  name,
  logLevel,
  logTo = getStandardOutput(),
}: LoggerOptions): Logger {
  return pino(
    {
      name,
      level: logLevel,
      base: { name },
      timestamp: formatTimestamp,
      mixin: readTraceId,
      formatters: { level: (level) => ({ level }), log: redact },
      serializers: { err: describeError },
    },
    logTo,
  );
}

let output: DestinationStream | undefined;

/**
 * The process has one destination. It buffers up to 16 kB for at most 100 ms, because a write for each request would cost more
 * than the request. It writes the rest of the buffer when the process exits.
 */
function getStandardOutput(): DestinationStream {
  return (output ??= createBufferedOutput());
}

function createBufferedOutput(): DestinationStream {
  const destination = pino.destination({ sync: true, minLength: 16_000, periodicFlush: 100 });
  process.once('exit', () => destination.flushSync());
  return destination;
}

/** Only these members, because database drivers add statements and parameters to the errors that they throw. */
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

/** The message of the cause of an error, or its own without one: `fetch failed` says nothing, and its cause does. */
export function describeCause(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Messages of Nest about its start. They help only when the wiring is wrong. */
const BOOT_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Implements Nest's logger interface with pino. The last argument of each call is the context, a string. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest);
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest);
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest);
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest);
  log = (message: unknown, ...rest: unknown[]) =>
    this.write(BOOT_CONTEXTS.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ) {
    const context = rest.at(-1);
    // The error of a failed start: runMain prints it.
    const errorLevel = context === 'ExceptionHandler' ? 'debug' : level;
    if (message instanceof Error) this.logger[errorLevel]({ context, err: message }, message.name);
    else if (typeof message === 'string')
      this.logger[level]({ context, ...extractStack(rest) }, redactText(message));
    else if (isLine(message)) this.logger[level]({ context, ...message });
    else this.logger[level]({ context, detail: message });
  }
}

/** An object with its own `msg` is a whole line, so that its members stand beside those of the request's line. */
function isLine(message: unknown): message is { readonly msg: string } {
  return typeof message === 'object' && message !== null && 'msg' in message;
}

/** `Logger.error(message, stack, context)` is the one call with a string before the context. */
function extractStack(rest: unknown[]): { stack?: string } {
  const stack = rest.length > 1 ? rest[0] : undefined;
  return typeof stack === 'string' ? { stack: redactText(stack) } : {};
}

const MAX_PATH_LENGTH = 256;
/** Identifiers are shorter than this. A refresh token or a JWT that a client puts into a path is longer. */
const LONG_PATH_SEGMENT = /[^/]{65,}/g;

/**
 * Logs one line for each answered request, without query, headers and body. Health probes and polls that found nothing new are
 * logged at level debug.
 *
 * @param getTraceId the trace id of a request, when requests are traced
 */
export function logRequests(
  fastify: FastifyInstance,
  logger: Logger,
  getTraceId: (request: FastifyRequest) => string | undefined = () => undefined,
): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const isNews = reply.statusCode !== 304 && !request.url.startsWith('/health/');
    const level = isNews ? 'info' : 'debug';
    if (logger.isLevelEnabled(level)) {
      const line = {
        reqId: request.id,
        traceId: getTraceId(request),
        method: request.method,
        path: redactPath(request),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      };
      logger[level](line, 'request');
    }
    done();
  });
}

/** The path as the client sent it, percent-encoded, without the query, because queries can hold codes and tokens. */
export function redactPath({ url }: { readonly url: string }): string {
  const end = url.indexOf('?');
  const path = url.slice(0, Math.min(end === -1 ? url.length : end, MAX_PATH_LENGTH));
  return path.replace(LONG_PATH_SEGMENT, '[long]');
}
