import { z } from 'zod';

/** The words of a list that spaces separate (RFC 6749 §3.3). Blanks at the ends and empty words are ignored. */
export const splitWords = (text: string): string[] => text.split(/\s+/).filter(Boolean);

const MAX_LOGGED_LENGTH = 200;

/** Text that a caller sent, for logs and security events: one line of bounded length. */
export function toLogText(text: string): string {
  const line = text
    .slice(0, MAX_LOGGED_LENGTH * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
  return line.length > MAX_LOGGED_LENGTH ? `${line.slice(0, MAX_LOGGED_LENGTH)}…` : line;
}

/** A form parameter without blanks at its ends. */
export const formText = (max: number) => exactFormText(max).trim();

/** A form parameter as sent. The messages are the ends of sentences that begin with the name of the parameter. */
export const exactFormText = (max: number) =>
  z
    .string({ error: ({ input }) => (input === undefined ? 'is missing' : 'must be sent once') })
    .max(max, `must have no more than ${max} characters`);
