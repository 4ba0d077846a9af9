import { type JsonObject, parseStrictJson } from './strict-json.js';

/** Limits of one fetch. */
export interface FetchLimits {
  /** From the connection to the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface BoundedRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Accepted media types of the response. */
  readonly contentType: RegExp;
}

export interface BoundedResponse {
  readonly headers: Headers;
  /** Undefined after 304 Not Modified (RFC 9110 §15.4.5). */
  readonly body: Buffer | undefined;
}

/**
 * Fetches a document in bounded time and memory. Does not follow redirects, because the target may not be the issuer.
 *
 * @throws Error on a status other than 200 (or 304 to a conditional request), another content type, too many bytes, or
 * a missed deadline
 */
export async function fetchBounded(
  url: string,
  request: BoundedRequest,
  limits: FetchLimits,
): Promise<BoundedResponse> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const { headers } = request;
  const response = await fetch(url, { headers, redirect: 'error', signal: deadline });
  if (response.status === 304 && 'if-none-match' in headers) {
    await response.body?.cancel();
    return { headers: response.headers, body: undefined };
  }
  const refusal = describeUnacceptable(response, request);
  if (refusal) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${refusal}`);
  }
  const body = await readBody(response, limits.maxBytes, deadline);
  return { headers: response.headers, body };
}

function describeUnacceptable(
  { status, headers }: Response,
  { contentType: type }: BoundedRequest,
): string | undefined {
  if (status !== 200) return `${status}`;
  const received = headers.get('content-type') || 'no content type';
  return type.test(received) ? undefined : received;
}

async function readBody(
  response: Response,
  maxBytes: number,
  deadline: AbortSignal,
): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) throw new Error(`${response.url} answered nothing`);
  const cancel = () => void reader.cancel(deadline.reason).catch(() => undefined);
  // After the headers, fetch() references its own abort listener weakly. This listener cannot be garbage-collected.
  deadline.addEventListener('abort', cancel);
  try {
    return await readAtMost(reader, maxBytes, deadline);
  } finally {
    deadline.removeEventListener('abort', cancel);
    cancel();
  }
}

async function readAtMost(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  deadline: AbortSignal,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    deadline.throwIfAborted();
    if (done) return Buffer.concat(chunks);
    bytes += value.byteLength;
    if (bytes > maxBytes) throw new Error(`The answer is larger than ${maxBytes} bytes`);
    chunks.push(value);
  }
}

export interface JsonResponse {
  readonly body: JsonObject;
  readonly cacheControl: string;
}

const JSON_REQUEST = {
  headers: { accept: 'application/json, application/jwk-set+json' },
  contentType: /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
};

/**
 * Fetches a JSON object.
 *
 * @throws Error as {@link fetchBounded} does, and when the body is not a JSON object
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<JsonResponse> {
  const { headers, body } = await fetchBounded(url, JSON_REQUEST, limits);
  return {
    body: parseStrictJson(body ?? Buffer.alloc(0)),
    cacheControl: headers.get('cache-control') ?? '',
  };
}
