/** How many tokens take turns. `Infinity` stands for tokens that no contender has seen before. */
export const SCENARIOS = [
  { name: 'one token', distinct: 1 },
  { name: '1,000 tokens in turn', distinct: 1000 },
  { name: 'every token new', distinct: Infinity },
];

/** Tokens of a busy server whose open route is asked as well. Remembered tokens go beside the new ones. */
export const BUSY_SCENARIOS = [
  { name: 'every token new', distinct: Infinity, asksOpen: true },
  { name: 'one token in ten new', distinct: 1000, newShare: 0.1, asksOpen: true },
];

/** Our guard with all signatures checked on the event loop. */
export const ON_EVENT_LOOP = 'gatehouse on the event loop';

/** What the project has set itself. `raw` is `crypto.verify` with a key that is ready and a token taken apart. */
export const AIMS = {
  verify: {
    'one token': { microseconds: 2, timesStock: 60 },
    'every token new': { timesRaw: { RS256: 1.6, ES256: 1.25 }, timesStock: 4 },
  },
  route: {
    'one token': { ofUnguarded: { express: 0.93, fastify: 0.93 } },
    'every token new': { ofUnguarded: { fastify: 0.45 } },
  },
  /** Cost beside that of one issuer with one key. */
  growth: 1.1,
};

/**
 * @typedef {object} GuardsPlan
 * @property {number} rounds
 * @property {{ milliseconds: number, newTokens: number }} verify
 * @property {{ seconds: number, warmUp: number, algorithms: ('RS256' | 'ES256')[] }} route
 * @property {{ tokens: number }} memory
 * @property {string[]} parts
 */

/**
 * Ends within about a minute.
 *
 * @type {Omit<GuardsPlan, 'parts'>}
 */
const QUICK = {
  rounds: 3,
  verify: { milliseconds: 30, newTokens: 300 },
  route: { seconds: 0.3, warmUp: 0.1, algorithms: ['ES256'] },
  memory: { tokens: 10_000 },
};

/**
 * Ends within eight minutes. Many short rounds: a virtual machine changes its speed from second to second.
 *
 * @type {Omit<GuardsPlan, 'parts'>}
 */
const FULL = {
  rounds: 16,
  verify: { milliseconds: 50, newTokens: 700 },
  route: { seconds: 0.25, warmUp: 0.05, algorithms: ['RS256', 'ES256'] },
  memory: { tokens: 100_000 },
};

/** @type {('RS256' | 'ES256')[]} */
export const ALGORITHMS = ['RS256', 'ES256'];

const PARTS = ['verify', 'growth', 'memory', 'route', 'threads'];

/**
 * What to measure, and for how long, from the command line's words.
 *
 * @param {import('../types.js').Options} options
 * @returns {GuardsPlan}
 */
export function planFrom({ quick, rounds, seconds, parts }) {
  const plan = quick ? QUICK : FULL;
  return {
    ...plan,
    rounds: rounds ? positive(rounds, 'rounds') : plan.rounds,
    route: { ...plan.route, ...(seconds && { seconds: positive(seconds, 'seconds') }) },
    parts: parts ? known(parts.split(',')) : PARTS,
  };
}

/** @param {{ rounds: number, verify: any, route: any }} options */
export function methodOf({ rounds, verify, route }) {
  return (
    `${rounds} rounds after one that is not counted; in process ${verify.milliseconds} ms or ` +
    `${verify.newTokens} new tokens, over HTTP ${route.seconds} s after ${route.warmUp} s of warm-up`
  );
}

/** @param {string[]} parts */
function known(parts) {
  const strangers = parts.filter((part) => !PARTS.includes(part));
  if (strangers.length > 0) throw new Error(`--parts knows ${PARTS.join(', ')}`);
  return parts;
}

/** @param {string} text @param {string} name */
function positive(text, name) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not "${text}"`);
}
