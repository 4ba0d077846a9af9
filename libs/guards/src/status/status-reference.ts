import { malformed } from '../token/claims.js';
import { isJsonObject, type JsonObject } from '../token/strict-json.js';

/** Where a token says its status is (Token Status List §6.2). */
export interface StatusReference {
  /** Its place in the list. */
  readonly index: number;
  /** The list, and what its `sub` must be. */
  readonly uri: string;
}

/**
 * Undefined for a token that has no status. A status by some other mechanism cannot be looked up here, and is refused.
 *
 * @throws InvalidToken
 */
export function statusReferenceOf({ status }: JsonObject): StatusReference | undefined {
  if (status === undefined) return undefined;
  const reference = isJsonObject(status) ? status['status_list'] : undefined;
  if (!isJsonObject(reference)) throw malformed('status', 'an object with a status_list');
  const { idx: index, uri } = reference;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    throw malformed('status.status_list.idx', 'a whole number that is not negative');
  }
  if (typeof uri !== 'string') throw malformed('status.status_list.uri', 'a string');
  return { index, uri };
}
