/** The one place of the client that sends requests. They go to the own origin, and the session is a cookie that no script sees. */

export interface RequestOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  /** The version of the resource, for `If-Match`. */
  readonly entityTag: string | undefined;
}

/** Problem details (RFC 9457), with the members that this server adds. */
interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly maxAge?: number;
}

/** The server has answered with an error, or has not answered. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  /** @param status 0 without an answer; then it is not known whether the request took effect */
  constructor(
    readonly status: number,
    readonly problem: Problem = {},
  ) {
    super(problem.detail ?? `status ${status}`);
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Fired on `window` when an answer shows that the session or its rights have changed. */
export const SESSION_CHANGED = 'session-changed';

const TIMEOUT_MS = 30_000;
const FAILURES: readonly number[] = [401, 403];

/** Requests that follow one click of the user have one id. The panel of the demo groups them by it. */
export let click = crypto.randomUUID();
document.addEventListener('click', () => (click = crypto.randomUUID()), { capture: true });

/**
 * @param path of this origin
 * @throws {RequestError}
 */
export async function request<Body>(
  path: string,
  options: RequestOptions = {},
): Promise<Answer<Body>> {
  const response = await send(path, options);
  const text = await response.text().catch(() => undefined);
  if (text === undefined) throw new RequestError(0);
  if (!response.ok) throw toError(response.status, text);
  const entityTag = response.headers.get('etag') ?? undefined;
  return { status: response.status, body: parse(text), entityTag };
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const { method = 'GET', headers, body, signal } = options;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const request: RequestInit = {
    method,
    headers: {
      accept: 'application/json',
      // A form or a page of another site cannot set this header, so the server refuses their requests.
      'x-requested-by': 'web',
      'x-click': click,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    redirect: 'error',
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  };
  if (body) request.body = JSON.stringify(body);
  return fetch(path, request).catch(() => {
    throw new RequestError(0);
  });
}

function toError(status: number, text: string): RequestError {
  const error = new RequestError(status, parse(text));
  const isStepUp = error.problem.code === 'step_up_required';
  if (FAILURES.includes(status) && !isStepUp) window.dispatchEvent(new Event(SESSION_CHANGED));
  return error;
}

/** @returns undefined for an empty body; a proxy's page of HTML is no problem details */
function parse<Body>(text: string): Body {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return JSON.parse('{}');
  }
}
