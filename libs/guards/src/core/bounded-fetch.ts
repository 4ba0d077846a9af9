import { parseStrictJson } from './strict-json.js';
import { describeError } from './token-error.js';

/** The part of `fetch` that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Limits of one fetch. */
export interface FetchLimits {
  /** From the connection to the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Default: the `fetch` of Node. */
  readonly fetch?: Fetch | undefined;
}

export interface BoundedRequest {
  /** The body of a POST. Without one the request is a GET. */
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Accepted media types of the response. */
  readonly contentType: RegExp;
}

/** A fetch that took this many times its deadline was interrupted by a pause of the process. */
const PAUSED_DEADLINES = 2;

/** The server has answered, but not with the document. */
export class UnusableResponse extends Error {
  override readonly name = 'UnusableResponse';

  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/**
 * Fetches a document in bounded time and memory. Does not follow redirects, because the target may not be the issuer. A
 * deadline that ended while the process stood still says nothing about the server, so the fetch is repeated once.
 *
 * @returns no body after 304 Not Modified (RFC 9110 §15.4.5)
 * @throws Error on a status other than 200 (or 304 to a conditional request), another content type, too many bytes, or
 * a missed deadline. It says why: the host name, the connection, the certificate.
 */
export async function fetchBounded(url: string, request: BoundedRequest, limits: FetchLimits) {
  const { timeoutMs } = limits;
  const startedAt = performance.now();
  try {
    return await fetchOnce(url, request, limits).catch((error: unknown) => {
      const wasPaused = performance.now() - startedAt > timeoutMs * PAUSED_DEADLINES + 1000;
      if (!wasPaused) throw error;
      return fetchOnce(url, request, limits);
    });
  } catch (cause) {
    if (cause instanceof UnusableResponse) throw cause;
    const isTimeout = cause instanceof DOMException && cause.name === 'TimeoutError';
    const why = isTimeout ? `no answer within ${timeoutMs} ms` : describeError(cause);
    throw new Error(`${url} cannot be fetched: ${why}`, { cause });
  }
}

async function fetchOnce(
  url: string,
  request: BoundedRequest,
  { timeoutMs, maxBytes, fetch = globalThis.fetch }: FetchLimits,
): Promise<{ readonly headers: Headers; readonly body: Buffer | undefined }> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { headers: sent, body } = request;
  const post = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(url, { ...post, headers: sent, redirect: 'error', signal });
  const { status, headers } = response;
  const refusal = describeUnacceptable(response, request);
  if (!refusal) return { headers, body: await readBody(response, maxBytes, signal) };
  await response.body?.cancel();
  if (status === 304 && 'if-none-match' in sent) return { headers, body: undefined };
  throw new UnusableResponse(`${url} answered with ${refusal}`, status);
}

function describeUnacceptable({ status, headers, redirected }: Response, request: BoundedRequest) {
  if (redirected) return 'a redirect';
  if (status !== 200) return `status ${status}`;
  const received = headers.get('content-type') || 'no media type';
  const isAccepted = request.contentType.test(received);
  return isAccepted ? undefined : `${received}, not ${request.headers['accept']}`;
}

async function readBody(response: Response, maxBytes: number, deadline: AbortSignal) {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  if (!reader) throw new UnusableResponse(`${response.url} answered nothing`);
  const cancel = () => void reader.cancel(deadline.reason).catch(() => undefined);
  // After the headers, fetch() references its own abort listener weakly. This listener cannot be garbage-collected.
  deadline.addEventListener('abort', cancel);
  const chunks: Uint8Array[] = [];
  try {
    for (let bytes = 0; ;) {
      const { done, value } = await reader.read();
      deadline.throwIfAborted();
      if (done) return Buffer.concat(chunks);
      bytes += value.byteLength;
      if (bytes > maxBytes)
        throw new UnusableResponse(`The answer is larger than ${maxBytes} bytes`);
      chunks.push(value);
    }
  } finally {
    deadline.removeEventListener('abort', cancel);
    cancel();
  }
}

const JSON_REQUEST = {
  headers: { accept: 'application/json, application/jwk-set+json' },
  contentType: /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
};

/** Fetches a JSON object. @throws Error as {@link fetchBounded} does, and when the body is not a JSON object */
export async function fetchJson(url: string, limits: FetchLimits) {
  const { headers, body = Buffer.alloc(0) } = await fetchBounded(url, JSON_REQUEST, limits);
  return { body: parseStrictJson(body), cacheControl: headers.get('cache-control') ?? '' };
}

/** Not by `URL.canParse`: once Node 20 has compiled a caller, it answers false for any text with a letter such as ü. */
export function parseHttpUrl(text: string): URL | undefined {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Inserts the well-known part between host and path (RFC 8414 §3.1, RFC 9728 §3.1). */
export function buildWellKnownUrl(identifier: URL, suffix: string): string {
  const { origin, pathname, search } = identifier;
  return `${origin}/.well-known/${suffix}${pathname.replace(/\/$/, '')}${search}`;
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Why keys must not be fetched from this URL, as the end of a sentence. Undefined if they may. */
export function findUrlFault(
  text: string,
  options: { readonly dangerouslyAllowInsecureHttp: boolean },
): string | undefined {
  const url = parseHttpUrl(text);
  if (!url) return 'must be an absolute https URL (or set `jwksUri`)';
  const { username, password, hash, protocol, hostname } = url;
  if (username + password + hash !== '') return 'must be a URL without credentials and fragment';
  const isProtected = protocol === 'https:' || LOOPBACK_HOST.test(hostname);
  if (isProtected || options.dangerouslyAllowInsecureHttp) return undefined;
  return 'must use https: plain http is for loopback hosts, or set `dangerouslyAllowInsecureHttp`';
}
