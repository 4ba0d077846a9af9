/** The part of `sessionStorage` that is used here. */
export interface KeyValueStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A request that waits until the user has signed in again (RFC 9470). It holds no credential: the session is a cookie. */
export interface PendingRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object | undefined;
  /** Which message tells its result. */
  readonly kind: 'refund';
  /** Who sent it. A user who signs in to another account must not continue it. */
  readonly account: string;
  /** The page that sent it. */
  readonly returnTo: string;
}

/** @returns the request, if the account that is signed in now has sent it */
export const findRequestOf = (
  request: PendingRequest | undefined,
  account: string | undefined,
): PendingRequest | undefined =>
  account !== undefined && request?.account === account ? request : undefined;

interface StoredRequest {
  /** Random. Only an address with this value continues the request. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly request: PendingRequest;
}

const STORAGE_KEY = 'pending-request';
const PARAMETER = 'resume';
/** A sign-in takes less. Afterwards the user may have forgotten the request. */
const LIFETIME_MS = 600_000;

/** @returns the address to come back to: the page with a parameter that {@link takePendingRequest} recognizes */
export function keepPendingRequest(
  storage: KeyValueStore,
  request: PendingRequest,
  now: number,
): string {
  const id = crypto.randomUUID();
  const stored: StoredRequest = { id, expiresAt: now + LIFETIME_MS, request };
  storage.setItem(STORAGE_KEY, JSON.stringify(stored));
  return `${request.returnTo}?${PARAMETER}=${id}`;
}

/**
 * Removes the waiting request, so that it is sent at most once. A user who comes back without signing in, for example by the
 * *back* button, comes to an address without the parameter, and the request is dropped.
 *
 * @param query of the present address
 */
export function takePendingRequest(
  storage: KeyValueStore,
  query: string,
  now: number,
): PendingRequest | undefined {
  const text = storage.getItem(STORAGE_KEY);
  storage.removeItem(STORAGE_KEY);
  if (text === null) return undefined;
  const { id, expiresAt, request }: StoredRequest = JSON.parse(text);
  const isExpected = new URLSearchParams(query).get(PARAMETER) === id && now < expiresAt;
  return isExpected ? request : undefined;
}
