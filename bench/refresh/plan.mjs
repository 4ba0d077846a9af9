/**
 * What is measured. `aim` is the ratio to oidc-provider on the same store that the project has set itself.
 * `durable` work waits for the disk, so it is compared with the limit on its own store; the rest has one limit.
 */
export const workloads = [
  { name: 'rotation, 1 connection', request: 'rotation', connections: 1, aim: 2, durable: true },
  { name: 'rotation, 16 connections', request: 'rotation', connections: 16, aim: 6, durable: true },
  { name: 'client credentials, 16', request: 'clientCredentials', connections: 16, aim: 2.5 },
  { name: 'key set, 16', request: 'keySet', connections: 16, aim: 2 },
];

/** Logins made before the measurement; each is a chain of rotations. */
export const LOGINS = 64;

/** 22 measurements of a round must end within 90 s in all, logins and PostgreSQL's start included. */
const QUICK = { rounds: 3, seconds: 0.7, warmUp: 0.5 };
const FULL = { rounds: 7, seconds: 2, warmUp: 2 };

/** Rounds, seconds per measurement and seconds of warm-up from the command line's words. */
export function planFrom({ quick, rounds, seconds }) {
  const plan = quick ? QUICK : FULL;
  return {
    ...plan,
    ...(rounds && { rounds: positive(rounds, 'rounds') }),
    ...(seconds && { seconds: positive(seconds, 'seconds') }),
  };
}

function positive(text, name) {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} must be a number above 0, not "${text}"`);
}
