import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DerivedKey } from './server-secrets.js';

/** `content . secret id . MAC` (HMAC-SHA-256), for what this server hands out and gets back. */
export function signedText(content: string, { secretId, key }: DerivedKey): string {
  const text = `${content}.${secretId}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/**
 * Compares the texts, not the decoded bytes: base64url has several spellings of some values, and
 * what was sent may be any text.
 */
export function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
