/** Injection token of the {@link UpstreamObserver}. Without a provider, no request is observed. */
export const UPSTREAM_OBSERVER = Symbol('UPSTREAM_OBSERVER');

/** The request of the browser that caused a request to another server. */
export interface RequestOrigin {
  /** SHA-256 of the cookie's secret; undefined before a session exists. */
  readonly sessionId?: string | undefined;
  /** Header `x-click` of the client. */
  readonly clickId?: string | undefined;
}

/** One request of this process to another server. */
export interface UpstreamEntry extends RequestOrigin {
  readonly target: 'auth' | 'orders' | 'billing';
  readonly method: string;
  /** Without query, because a query can hold personal data. */
  readonly url: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  /** Claims of the access token that was sent or received; the signature is left out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** `error` of a refusal of auth (RFC 6749 §5.2). */
  readonly error?: string | undefined;
  /** The generation of the refresh token family after a refresh (docs/flows/refresh.md). */
  readonly generation?: number | undefined;
}

export interface UpstreamObserver {
  observe(entry: UpstreamEntry): void;
}

/** The payload of a JWT that this process sent or received, for display only: nothing is verified. */
export function decodeClaims(
  jwt: string | undefined,
): Readonly<Record<string, unknown>> | undefined {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString(),
    );
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}
