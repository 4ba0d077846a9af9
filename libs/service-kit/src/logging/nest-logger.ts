import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';
import { redactText } from './redact.js';

/** What Nest says about its own boot: of use when the wiring is wrong, noise otherwise. */
const bootContexts = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Nest's logger interface on pino. Its calls end with the context, a string. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest);
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest);
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest);
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest);
  log = (message: unknown, ...rest: unknown[]) =>
    this.write(bootContexts.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ) {
    const context = rest.at(-1);
    if (message instanceof Error) this.logger[level]({ context, err: message }, message.name);
    else if (typeof message === 'string')
      this.logger[level]({ context, ...stackOf(rest) }, redactText(message));
    else this.logger[level]({ context, detail: message });
  }
}

/** `Logger.error(message, stack, context)` is the one call with a string before the context. */
function stackOf(rest: unknown[]): { stack?: string } {
  const stack = rest.length > 1 ? rest[0] : undefined;
  return typeof stack === 'string' ? { stack: redactText(stack) } : {};
}
