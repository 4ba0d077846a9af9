import type { FastifyRequest } from 'fastify';
import type { TracingOptions } from '../tracing/tracing.js';
import type { OpenApiOptions } from '../openapi/openapi.options.js';
import type { LoggerOptions } from '../observability/logger.js';
import type { TrustedProxies } from '../addresses.js';

export interface UnroutablePage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ServiceOptions extends LoggerOptions {
  /** Enables the page at /docs and the document at /docs-json. */
  readonly openApi?: OpenApiOptions;
  /** Sends a browser that opens `/` to the page at /docs. Default: false. */
  readonly showDocsAtRoot?: boolean;
  /** The largest request body, in bytes. Default: 65536. */
  readonly bodyLimit?: number;
  /**
   * Accepts `application/x-www-form-urlencoded` bodies, as OAuth endpoints must (RFC 6749 §4). A parameter without a value counts
   * as omitted. Default: JSON only.
   */
  readonly acceptForms?: boolean;
  /** The proxies in front whose `X-Forwarded-*` count. Default: false, none. */
  readonly trustProxy?: TrustedProxies;
  /** Origins whose scripts may read the answers (CORS). Default: none. */
  readonly corsOrigins?: readonly string[];
  /** Paths of pages that other origins open in a window, for a login. Such a window keeps its opener. Default: none. */
  readonly popupPaths?: RegExp;
  /**
   * The page for a browser whose URL the router rejects, because no hook and no filter runs then; undefined sends problem details.
   * Default: none.
   */
  readonly unroutablePage?: (request: FastifyRequest) => UnroutablePage | undefined;
  /** How many requests are in flight at once; further ones are refused with 503. Default: 1000. */
  readonly requestsInFlight?: number;
  /** How many connections one address may have open; 0 is any number. A trusted proxy is not limited. Default: 0. */
  readonly connectionsPerAddress?: number;
  /** Milliseconds until an idle connection is closed. Default: 72000. */
  readonly keepAliveTimeoutMs?: number;
  /** Milliseconds until a request without an answer is refused with 503. Default: 20000. */
  readonly answerTimeoutMs?: number;
  /** Average delay of the event loop, in milliseconds, above which requests are refused with 503. Default: 3000. */
  readonly maxEventLoopDelayMs?: number;
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
