import { Clock, removeTrailingSlash } from '@gatehouse/service-kit';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import {
  decodeClaims,
  type RequestOrigin,
  UPSTREAM_OBSERVER,
  type UpstreamObserver,
} from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

export interface ApiRequest {
  readonly api: 'orders' | 'billing';
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly origin: RequestOrigin;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Limit of one call, from the connection to the last byte. */
const TIMEOUT_MS = 8_000;
const MAX_BYTES = 1_048_576;

/** Sends requests to orders and billing, each with a token for that API only. */
@Injectable()
export class ApiClient {
  constructor(
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
    private readonly clock: Clock,
    @Optional() @Inject(UPSTREAM_OBSERVER) private readonly observer?: UpstreamObserver,
  ) {}

  /** @throws {UpstreamUnavailable} */
  async send(request: ApiRequest, token: string): Promise<ApiResponse> {
    const startedAt = this.clock.now();
    const base = request.api === 'orders' ? this.config.ORDERS_URL : this.config.BILLING_URL;
    const url = `${removeTrailingSlash(base)}${request.path}`;
    const report = (status: number | undefined) =>
      this.observer?.observe({
        ...request.origin,
        target: request.api,
        method: request.method,
        url: url.split('?')[0] ?? url,
        startedAt,
        durationMs: this.clock.now() - startedAt,
        status,
        claims: decodeClaims(token),
      });
    try {
      const response = await this.fetch(url, request, token);
      report(response.status);
      return response;
    } catch (error) {
      report(undefined);
      throw new UpstreamUnavailable(request.api, error);
    }
  }

  private async fetch(
    url: string,
    { method, headers, body }: ApiRequest,
    token: string,
  ): Promise<ApiResponse> {
    const response = await fetch(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, headers: response.headers, body: await readBody(response) };
  }
}

async function readBody({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (body) {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}
