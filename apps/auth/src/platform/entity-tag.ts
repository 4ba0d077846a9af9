import { createHash } from 'node:crypto';

/** A strong entity tag (RFC 9110 §8.8.3). All replicas compute the same tag for the same text. */
export function computeEntityTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}

/** Without `W/`, because the comparison is weak. */
const ENTITY_TAGS = /"[\x21\x23-\x7e\x80-\xff]*"/g;

/**
 * Evaluates `If-None-Match` (RFC 9110 §13.1.2).
 *
 * @param ifNoneMatch the header of a GET or HEAD request
 * @returns whether the client has this text already; the answer is 304 without a body then
 */
export function matchesIfNoneMatch(entityTag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === entityTag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.match(ENTITY_TAGS)?.includes(entityTag) ?? false;
}
