import { both, planner } from '../suite/plan.mjs';

/** An aim is the ratio to oidc-provider on the same store that the project has set itself. */
export const WORKLOADS = [
  // Two passwords are hashed at a time, and hashing takes nearly all of the time, so no server can be twice as fast.
  { name: 'sign-in with a password, 4', request: 'signIn', connections: 4, aims: both(1) },
  {
    name: 'code of a session, 16',
    request: 'sessionCode',
    connections: 16,
    aims: { sqlite: 2.2, postgres: 1.4 },
  },
  {
    name: 'client credentials, 16',
    request: 'clientCredentials',
    connections: 16,
    aims: both(2.5),
  },
  { name: 'introspection, 16', request: 'introspection', connections: 16, aims: both(2) },
];

export const EMAILS = Array.from({ length: 128 }, (_, n) => `bench-${n}@example.com`);
export const PASSWORD = 'a long enough password for the bench';
export const REDIRECT_URI = 'https://client.example/callback';

/** OWASP's, which are Gatehouse's defaults: both hash alike. */
export const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const QUICK = { rounds: 3, seconds: 1, warmUp: 0.5 };
const FULL = { rounds: 7, seconds: 3, warmUp: 2 };
const PARTS = ['peers', 'flood'];

/** What to measure, how often and how long, from the command line's words. */
export const planFrom = planner({ quick: QUICK, full: FULL, parts: PARTS });
