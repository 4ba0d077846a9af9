import type { Order } from './order.entity.js';
import { preconditionRequired, malformedPrecondition } from './order-problems.js';

/** A strong entity tag (RFC 9110 §8.8.3): a version of an order is one representation, whichever replica answers. */
export const createEntityTag = ({ version }: Order): string => `"${version}"`;

/** RFC 9110 §8.8.3: `W/` marks a weak one. */
const ENTITY_TAG = /(W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;
const ENTITY_TAGS = new RegExp(ENTITY_TAG, 'g');
/** Empty elements of a list are passed over (§5.6.1.2). */
const ENTITY_TAG_LIST = new RegExp(
  `^[ \\t,]*${ENTITY_TAG.source}([ \\t]*,[ \\t,]*${ENTITY_TAG.source})*[ \\t,]*$`,
);

/**
 * `If-None-Match` of RFC 9110 §13.1.2: the comparison is weak, and what cannot be read matches nothing.
 *
 * @returns whether the client has this version: the answer is 304 then, without a body
 */
export function matchesIfNoneMatch(order: Order, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch?.trim() === '*') return true;
  const tags: readonly string[] = ifNoneMatch?.match(ENTITY_TAGS) ?? [];
  return tags.some((tag) => tag.replace(/^W\//, '') === createEntityTag(order));
}

/** Which versions of an order a change may be made to. */
export type Precondition = (order: Order) => boolean;

/**
 * `If-Match` of RFC 9110 §13.1.1: the comparison is strong, so a weak tag matches nothing. Whoever changes an order says
 * which version they saw; `*` is for those who do not mind.
 *
 * @throws {Problem} 428 where the header is missing (RFC 6585 §3), 400 where it cannot be read
 */
export function parseIfMatch(ifMatch: string | undefined): Precondition {
  if (ifMatch === undefined) throw preconditionRequired();
  const field = ifMatch.trim();
  if (field === '*') return () => true;
  if (!ENTITY_TAG_LIST.test(field)) throw malformedPrecondition();
  const tags: readonly string[] = field.match(ENTITY_TAGS) ?? [];
  return (order) => tags.includes(createEntityTag(order));
}
