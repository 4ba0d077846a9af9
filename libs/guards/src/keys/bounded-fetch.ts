/** What one fetch may cost. */
export interface FetchLimits {
  /** From the connection to the last byte of the body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface BoundedRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Of the answer's media type. */
  readonly type: RegExp;
}

export interface BoundedAnswer {
  readonly headers: Headers;
  /** Undefined when nothing has changed (RFC 9110 §15.4.5). */
  readonly body: Buffer | undefined;
}

/**
 * Gets a document, in bounded time and memory. No redirects: whoever the issuer redirects to is not the issuer.
 *
 * @throws Error on any status but 200 (and 304, to a conditional request), another content type, too many bytes, or
 * when the deadline has passed
 */
export async function boundedFetch(
  url: string,
  request: BoundedRequest,
  limits: FetchLimits,
): Promise<BoundedAnswer> {
  const deadline = AbortSignal.timeout(limits.timeoutMs);
  const { headers } = request;
  const response = await fetch(url, { headers, redirect: 'error', signal: deadline });
  if (response.status === 304 && 'if-none-match' in headers) {
    await response.body?.cancel();
    return { headers: response.headers, body: undefined };
  }
  const refusal = refusalOf(response, request);
  if (refusal) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${refusal}`);
  }
  const body = await readBody(response, limits.maxBytes, deadline);
  return { headers: response.headers, body };
}

function refusalOf({ status, headers }: Response, { type }: BoundedRequest): string | undefined {
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
