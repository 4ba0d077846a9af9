import { planner } from '../suite/plan.mjs';

export const WORKLOADS = [
  { name: 'GET /orders/:id', request: 'readOrder', connections: 16 },
  { name: 'POST /orders', request: 'placeOrder', connections: 16 },
];

/**
 * In this order they take their turns: what is compared is measured next to each other. `service` is orders as it is
 * shipped; the other two are its module alone on an adapter of Nest.
 */
export const LINE_UP = ['express', 'fastify', 'service'].flatMap((platform) => [
  { platform, guarded: true },
  { platform, guarded: false },
]);

export const PERSON = 'usr_of_the_bench';

/** Orders to read, and tokens to read them with; they are taken in turn. */
export const ORDERS = 100;
export const TOKENS = 100;

const QUICK = { rounds: 3, seconds: 0.5, warmUp: 0.5 };
const FULL = { rounds: 7, seconds: 2, warmUp: 2 };
const PARTS = ['empty', 'sqlite', 'postgresql'];

/** What to measure, how often and how long, from the command line's words. */
export const planFrom = planner({ quick: QUICK, full: FULL, parts: PARTS });
