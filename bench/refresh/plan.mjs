import { both, planner } from '../suite/plan.mjs';

/**
 * What is measured. An aim is the ratio to oidc-provider on the same store that the project has set itself.
 * `durable` work waits for the disk, so it is compared with the limit on its own store; the rest has one limit.
 */
export const workloads = [
  {
    name: 'rotation, 1 connection',
    request: 'rotation',
    connections: 1,
    aims: both(2),
    durable: true,
  },
  {
    name: 'rotation, 16 connections',
    request: 'rotation',
    connections: 16,
    aims: { sqlite: 5.5, postgres: 4 },
    durable: true,
  },
  {
    name: 'client credentials, 16',
    request: 'clientCredentials',
    connections: 16,
    aims: both(2.5),
  },
  { name: 'key set, 16', request: 'keySet', connections: 16, aims: both(1.5) },
];

/** The same load shared by more processes; then as much for each of them as the first one had. */
export const PROCESSES = [
  { processes: 1, connections: 32 },
  { processes: 2, connections: 32 },
  { processes: 4, connections: 32 },
  { processes: 2, connections: 64 },
  { processes: 4, connections: 128 },
];

/** 22 measurements of a round of `peers` must end within 90 s in all, logins and PostgreSQL's start included. */
const QUICK = { rounds: 3, seconds: 0.7, warmUp: 0.5, families: [1_000, 100_000] };
const FULL = { rounds: 7, seconds: 2, warmUp: 2, families: [1_000, 10_000, 100_000, 1_000_000] };

const PARTS = ['peers', 'key-set', 'processes', 'families'];

/** What to measure, how often and how long, from the command line's words. */
export const planFrom = planner({ quick: QUICK, full: FULL, parts: PARTS });
