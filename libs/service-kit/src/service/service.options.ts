import type { TracingOptions } from '../observability/tracing.js';
import type { OpenApiOptions } from '../openapi/openapi.options.js';
import type { LoggerOptions } from '../observability/logger.js';

export interface ServiceOptions extends LoggerOptions {
  /** Enables the page at /docs and the document at /docs-json. */
  readonly openApi?: OpenApiOptions;
  /** The largest request body, in bytes. Default: 65536. */
  readonly bodyLimit?: number;
  /**
   * Accepts `application/x-www-form-urlencoded` bodies, as OAuth endpoints must (RFC 6749 §4). A parameter without a value counts
   * as omitted. Default: JSON only.
   */
  readonly acceptForms?: boolean;
  /** Trusts `X-Forwarded-*`. Set it only behind a proxy that overwrites them. Default: false. */
  readonly trustProxy?: boolean;
  /** Paths of pages that other origins open in a window, for a login. Such a window keeps its opener. Default: none. */
  readonly popupPaths?: RegExp;
  /** How many requests are in flight at once; further ones are refused with 503. Default: 1000. */
  readonly requestsInFlight?: number;
  /** Milliseconds until a request without an answer is refused with 503. Default: 20000. */
  readonly answerTimeoutMs?: number;
  /** Clients use https, here or at a proxy; answers then have Strict-Transport-Security. Default: false. */
  readonly https?: boolean;
  /** Address at which `runService` serves `/metrics` for Prometheus; undefined turns metrics off. Port 0 takes a free port. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
}

export interface RunOptions extends ServiceOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Destination of the spans; undefined turns tracing off. */
  readonly tracing?: Omit<TracingOptions, 'name'> | undefined;
  /** Milliseconds that requests in flight have after the signal to stop. Default: 10000. */
  readonly shutdownDeadlineMs?: number;
}
