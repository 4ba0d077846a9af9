/** What a suite measures, how often and how long, from the options of the command line. */

/** @param {{ quick: object, full: object, parts: string[] }} plans of a suite, and the parts that it has */
export function planner(plans) {
  return ({ quick, rounds, seconds, parts }) => ({
    ...(quick ? plans.quick : plans.full),
    ...(rounds && { rounds: positive(rounds, 'rounds') }),
    ...(seconds && { seconds: positive(seconds, 'seconds') }),
    parts: parts ? known(parts.split(','), plans.parts) : plans.parts,
  });
}

export function methodOf({ rounds, seconds, warmUp }) {
  return `${rounds} rounds × ${seconds} s each, after ${warmUp} s of warm-up`;
}

/** @throws when a part is not among the ones there are */
export function known(parts, all) {
  if (parts.every((part) => all.includes(part))) return parts;
  throw new Error(`--parts knows ${all.join(', ')}`);
}

export function positive(text, name) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not "${text}"`);
}
