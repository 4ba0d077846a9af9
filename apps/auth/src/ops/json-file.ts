import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { Misuse } from './refusal.js';

/** @throws {Misuse} that says what is wrong with the file, never what is in it */
export async function fromJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Misuse(`cannot read ${file}`);
  });
  const { success, data, error } = schema.safeParse(parsed(text));
  if (success) return data;
  const [issue] = error.issues;
  throw new Misuse(`${file} is not fit: ${issue?.path.join('.')} ${issue?.message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
