import { Misuse } from './refusal.js';

/** @throws {Misuse} where it is not a whole number from 0 to the most */
export function naturalNumber(text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) {
    throw new Misuse(`${text} is not a whole number from 0 to ${most}`);
  }
  return value;
}

/** @throws {Misuse} where it is not a whole number of seconds in the range */
export function seconds(text: string, { min, max }: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new Misuse(`${text} is not a whole number of seconds from ${min} to ${max}`);
  }
  return value;
}

/**
 * nest-commander shows the choices of an option and does not hold to them.
 *
 * @throws {Misuse} where it is none of the choices
 */
export function oneOf<Choice extends string>(choices: readonly Choice[], text: string): Choice {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new Misuse(`${text} is not one of ${choices.join(', ')}`);
  return choice;
}

/**
 * A list of such values is stored as words.
 *
 * @throws {Misuse} where it is none
 */
export function oneWord(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new Misuse(`"${text}" must not be empty or have spaces`);
}

/** Words apart by spaces or commas. */
export const words = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);
