export interface Request {
  readonly method?: string;
  /** Sent in the Authorization header (RFC 6750 §2.1). */
  readonly token?: string;
  /** `id:secret`, for HTTP Basic (RFC 6749 §2.3.1). */
  readonly client?: string;
  readonly json?: object;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty unless the answer is a JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a request. The default method is POST with a body and GET without one. */
export async function send(url: string, request: Request = {}): Promise<Answer> {
  const body = bodyOf(request);
  const response = await fetch(url, {
    method: request.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...authorization(request), ...contentType(request), ...request.headers },
    ...(body !== undefined && { body }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : {},
  };
}

function bodyOf({ json, form }: Request): string | URLSearchParams | undefined {
  if (form) return new URLSearchParams(form);
  return json && JSON.stringify(json);
}

function contentType({ json }: Request): Record<string, string> {
  return json ? { 'content-type': 'application/json' } : {};
}

function authorization({ token, client }: Request): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (client === undefined) return {};
  return { authorization: `Basic ${Buffer.from(client).toString('base64')}` };
}
