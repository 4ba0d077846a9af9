import { type JsonObject, parseStrictJson } from './strict-json.js';

/** What one fetch may cost. */
export interface FetchLimits {
  /** From the connection to the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface JsonAnswer {
  readonly body: JsonObject;
  readonly cacheControl: string;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * Gets a JSON object. No redirects: whoever the issuer redirects to is not the issuer.
 *
 * @throws Error on any status but 200, another content type, too many bytes, or when the deadline has passed
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<JsonAnswer> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const response = await fetch(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    redirect: 'error',
    signal: deadline,
  });
  const refusal = refusalOf(response);
  if (refusal) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${refusal}`);
  }
  const body = parseStrictJson(await readBody(response, limits.maxBytes, deadline));
  return { body, cacheControl: response.headers.get('cache-control') ?? '' };
}

function refusalOf({ status, headers }: Response): string | undefined {
  if (status !== 200) return `${status}`;
  const type = headers.get('content-type') || 'no content type';
  return JSON_TYPE.test(type) ? undefined : type;
}

async function readBody(
  response: Response,
  maxBytes: number,
  deadline: AbortSignal,
): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) throw new Error(`${response.url} answered nothing`);
  const cancel = () => void reader.cancel(deadline.reason).catch(() => undefined);
  // fetch() holds its own abort weakly once the headers are in; this one cannot be collected.
  deadline.addEventListener('abort', cancel);
  try {
    return await readUpTo(reader, maxBytes, deadline);
  } finally {
    deadline.removeEventListener('abort', cancel);
    cancel();
  }
}

async function readUpTo(
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
