import type { TracingOptions } from '../observability/tracing.js';
import type { OpenApiOptions } from '../openapi/openapi.options.js';
import type { LoggerOptions } from '../observability/logger.js';

export interface ServiceOptions extends LoggerOptions {
  /** The page at /docs and the document at /docs-json; without it there are none. */
  readonly openApi?: OpenApiOptions;
  /** The largest request body, in bytes. Default: 65536. */
  readonly bodyLimit?: number;
  /**
   * Accept `application/x-www-form-urlencoded` bodies, which OAuth endpoints take (RFC 6749 §4); a parameter without a
   * value is one that was not sent. Default: JSON only.
   */
  readonly acceptForms?: boolean;
  /** Believe `X-Forwarded-*`: true only behind a proxy that overwrites them. Default: false. */
  readonly trustProxy?: boolean;
  /** Paths that pages of other origins open in a window which comes back to them: a login. Default: none. */
  readonly popupPaths?: RegExp;
  /** How many requests are answered at once; more are refused with 503. Default: 1000. */
  readonly requestsInFlight?: number;
  /** How long a request may wait for its answer, in milliseconds; then it is refused with 503. Default: 20000. */
  readonly answerTimeoutMs?: number;
  /** Clients come over https (here or at a proxy): answers say so by Strict-Transport-Security. Default: false. */
  readonly https?: boolean;
}

export interface RunOptions extends ServiceOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Where Prometheus finds `/metrics`; without it there are none. Port 0 takes a free one. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
  /** Where spans go; without it there are none. */
  readonly tracing?: Omit<TracingOptions, 'name'> | undefined;
  /** How long requests in flight may take once the service is told to stop, in milliseconds. Default: 10000. */
  readonly shutdownDeadlineMs?: number;
}
