import { readdirSync, readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import {
  PasswordHashQueueFull,
  PasswordHashThreads,
} from '../../src/accounts/password-hash-threads.js';

const CHEAP = { memoryCost: 8, timeCost: 1, parallelism: 1 };
/** About 10 ms. */
const PRODUCTION = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The sandbox of Jest does not get the events of the process. */
declare const hostRequire: NodeJS.Require;

/** Field 19 of proc_pid_stat(5). */
const readNiceness = (file: string): number => {
  const [, fields = ''] = readFileSync(file, 'utf8').split(') ');
  return Number(fields.split(' ')[16]);
};

const countThreadsWithNiceness = (niceness: number): number =>
  readdirSync('/proc/self/task').filter(
    (id) => readNiceness(`/proc/self/task/${id}/stat`) === niceness,
  ).length;

describe('threads of password hashes', () => {
  let threads: PasswordHashThreads;
  beforeEach(() => {
    threads = new PasswordHashThreads();
  });
  afterEach(() => threads.close());

  const hash = (options = CHEAP) => threads.run({ password: 'a password', options });

  it('compare a password with the hash that they computed', async () => {
    const stored = String(await hash());
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=8,t=1,p=1\$/);
    expect(await threads.run({ password: 'a password', stored })).toBe(true);
    expect(await threads.run({ password: 'another', stored })).toBe(false);
  });

  it('let the event loop run while they hash', async () => {
    await hash();
    const order: string[] = [];
    const hashing = hash(PRODUCTION).then(() => order.push('hash'));
    setImmediate(() => order.push('event loop'));
    await hashing;
    expect(order).toEqual(['event loop', 'hash']);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('have a lower priority than the event loop on Linux', async () => {
    const own = readNiceness('/proc/self/stat');
    const lowered = Math.min(19, own + 10);
    const before = countThreadsWithNiceness(lowered);
    await hash();
    expect(countThreadsWithNiceness(lowered)).toBe(before + 1);
    expect(readNiceness('/proc/self/stat')).toBe(own);
  });

  it('reject the hashes beyond 64 that wait, and serve the others', async () => {
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => hash()));
    const served = results.filter(({ status }) => status === 'fulfilled');
    expect([65, 66]).toContain(served.length);
    for (const result of results.slice(served.length)) {
      expect(result).toMatchObject({ reason: expect.any(PasswordHashQueueFull) });
    }
  });

  it('reject a malformed stored hash, and go on', async () => {
    await expect(threads.run({ password: 'a password', stored: 'malformed' })).rejects.toThrow();
    expect(await hash()).toEqual(expect.any(String));
  });

  it('reject the hash of a thread that dies, and compute the next one in a new thread', async () => {
    hostRequire('node:process').once('worker', (thread: Worker) => void thread.terminate());
    await expect(hash()).rejects.toThrow('the thread of a password hash has ended');
    expect(await hash()).toEqual(expect.any(String));
  });

  it('reject hashes that are not finished when the application stops', async () => {
    const results = Promise.allSettled([hash(PRODUCTION), hash(PRODUCTION), hash(PRODUCTION)]);
    await threads.close();
    expect((await results).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });
});
