import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { UsageError } from './errors.js';

/** @throws {UsageError} unless the text is a whole number from 0 to `max` */
export function parseNaturalNumber(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max) {
    throw new UsageError(`${text} is not a whole number from 0 to ${max}`);
  }
  return value;
}

/** @throws {UsageError} unless the text is a whole number of seconds in the range */
export function parseSeconds(text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${text} is not a whole number of seconds from ${min} to ${max}`);
  }
  return value;
}

/**
 * nest-commander prints the choices of an option in the help and does not enforce them.
 *
 * @throws {UsageError} unless the text is one of the choices
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
 * Lists of such values are stored separated by spaces.
 *
 * @throws {UsageError} when the text is empty or has spaces
 */
export function parseWord(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new UsageError(`"${text}" must not be empty or have spaces`);
}

/** Splits words at spaces and commas. */
export const parseWords = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);

/** @throws {UsageError} when the file does not match the schema. The message never repeats its content. */
export async function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { success, data, error } = schema.safeParse(parseJson(await readFileText(file)));
  if (success) return data;
  const [issue] = error.issues;
  throw new UsageError(`${file} is not valid: ${issue?.path.join('.')} ${issue?.message}`);
}

/** @throws {UsageError} when the file cannot be read */
export const readFileText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new UsageError(`cannot read ${file}${reason}`);
  });

/** @returns undefined when the text is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
