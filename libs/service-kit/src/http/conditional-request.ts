import { createHash } from 'node:crypto';

/*
 * Conditional requests (RFC 9110 §13). The npm package `fresh` does not fit: it has no If-Match, it splits lists at commas
 * inside a tag, and it treats each request with `Cache-Control: no-cache` as unconditional.
 */

/** A strong entity tag (RFC 9110 §8.8.3). The argument identifies one representation and has no quotation marks. */
export const createEntityTag = (opaque: string | number): string => `"${opaque}"`;

/** The tag depends on the content alone, so all replicas send the same. */
export const hashEntityTag = (content: string): string =>
  createEntityTag(createHash('sha256').update(content).digest('base64url'));

/** RFC 9110 §8.8.3: the prefix `W/` marks a weak tag. */
const ENTITY_TAG = /(W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;
const ENTITY_TAGS = new RegExp(ENTITY_TAG, 'g');
/** A list may have empty elements (§5.6.1.2). */
const ENTITY_TAG_LIST = new RegExp(
  `^[ \\t,]*${ENTITY_TAG.source}([ \\t]*,[ \\t,]*${ENTITY_TAG.source})*[ \\t,]*$`,
);

const findTags = (field: string): readonly string[] => field.match(ENTITY_TAGS) ?? [];

/**
 * Evaluates `If-None-Match` with the weak comparison (RFC 9110 §13.1.2). A malformed field matches nothing.
 *
 * @returns whether the client of a GET or HEAD request has this representation; the answer is then 304 without a body
 */
export function matchesIfNoneMatch(entityTag: string, field: string | undefined): boolean {
  if (field === undefined) return false;
  if (field.trim() === '*') return true;
  return findTags(field).some((tag) => tag.replace(/^W\//, '') === entityTag);
}

export type IfMatch =
  { readonly kind: 'any' } | { readonly kind: 'tags'; readonly tags: readonly string[] };

/**
 * Parses `If-Match` (RFC 9110 §13.1.1).
 *
 * @returns undefined when the field is malformed
 */
export function parseIfMatch(field: string): IfMatch | undefined {
  const trimmed = field.trim();
  if (trimmed === '*') return { kind: 'any' };
  return ENTITY_TAG_LIST.test(trimmed) ? { kind: 'tags', tags: findTags(trimmed) } : undefined;
}

/** Uses the strong comparison, so a weak tag matches nothing. */
export const matchesIfMatch = (entityTag: string, condition: IfMatch): boolean =>
  condition.kind === 'any' || condition.tags.includes(entityTag);
