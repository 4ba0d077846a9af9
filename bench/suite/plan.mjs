/** What a suite measures, how often and how long, from the options of the command line. */

/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Plan} Plan */

/**
 * @param {{ quick: Omit<Plan, 'parts'>, full: Omit<Plan, 'parts'>, parts: string[] }} plans of a suite, and its parts
 * @returns {(options: Options) => Plan}
 */
export function planner(plans) {
  return ({ quick, rounds, seconds, parts }) =>
    /** @type {Plan} */ ({
      ...(quick ? plans.quick : plans.full),
      ...(rounds && { rounds: positive(rounds, 'rounds') }),
      ...(seconds && { seconds: positive(seconds, 'seconds') }),
      parts: parts ? known(parts.split(','), plans.parts) : plans.parts,
    });
}

/** One aim for both databases. @param {number} aim */
export const both = (aim) => ({ sqlite: aim, postgres: aim });

/** How often and how long, in words. @param {{ rounds: number, seconds: number, warmUp: number }} plan */
export function methodOf({ rounds, seconds, warmUp }) {
  return `${rounds} rounds × ${seconds} s each, after ${warmUp} s of warm-up`;
}

/**
 * @param {string[]} parts
 * @param {string[]} all
 * @throws when a part is not among the ones there are
 */
export function known(parts, all) {
  if (parts.every((part) => all.includes(part))) return parts;
  throw new Error(`--parts knows ${all.join(', ')}`);
}

/** @param {string} text @param {string} name of the option */
export function positive(text, name) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not "${text}"`);
}
