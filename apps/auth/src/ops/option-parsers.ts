import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { UsageError } from './errors.js';

/** @throws {UsageError} where it is not a whole number from 0 to the most */
export function parseNaturalNumber(text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) {
    throw new UsageError(`${text} is not a whole number from 0 to ${most}`);
  }
  return value;
}

/** @throws {UsageError} where it is not a whole number of seconds in the range */
export function parseSeconds(text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${text} is not a whole number of seconds from ${min} to ${max}`);
  }
  return value;
}

/**
 * nest-commander shows the choices of an option and does not hold to them.
 *
 * @throws {UsageError} where it is none of the choices
 */
export function parseChoice<Choice extends string>(
  choices: readonly Choice[],
  text: string,
): Choice {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new UsageError(`${text} is not one of ${choices.join(', ')}`);
  return choice;
}

/**
 * A list of such values is stored as words.
 *
 * @throws {UsageError} where it is none
 */
export function parseWord(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new UsageError(`"${text}" must not be empty or have spaces`);
}

/** Words apart by spaces or commas. */
export const parseWords = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);

/** @throws {UsageError} that says what is wrong with the file, never what is in it */
export async function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`cannot read ${file}`);
  });
  const { success, data, error } = schema.safeParse(parseJson(text));
  if (success) return data;
  const [issue] = error.issues;
  throw new UsageError(`${file} is not fit: ${issue?.path.join('.')} ${issue?.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
