import type { RefusalMessage } from '../refusals/refusal-message.js';
import type { AccessToken } from '../token/access-token.js';

/** A client of either library. */
export interface Connection {
  readonly client: object;
  /** As Nest's own filter does: an `exception`. */
  tell(message: RefusalMessage): void;
  /** Because the token is not valid, or not any more. */
  close(): void;
  onceClosed(listener: () => void): void;
}

const tokens = new WeakMap<object, AccessToken>();

/** @returns false when it is known, as where several gateways share a server */
export function noteToken(client: object, token: AccessToken): boolean {
  if (tokens.has(client)) return false;
  tokens.set(client, token);
  return true;
}

/**
 * The token that a client connected with, for `handleConnection` and whoever sends to some clients only. None when it
 * connected without one.
 */
export function tokenOf(client: object): AccessToken | undefined {
  return tokens.get(client);
}
