import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Options } from '@node-rs/argon2';
import { RetryLaterError } from '../platform/oauth-error.js';

/** One hash occupies a core for about 10 ms. */
const MAX_THREADS = Math.min(2, availableParallelism());
const MAX_WAITING = 64;

/** The queue of password hashes is full. The caller can try again after {@link retryAfter}. */
export class PasswordHashQueueFull extends RetryLaterError {
  override readonly name = 'PasswordHashQueueFull';
  /** Seconds. An idle server computes a full queue of hashes in less time. */
  override readonly retryAfter = 1;
}

/** Hashes the password, or compares it with a stored hash. */
export type HashJob =
  | { readonly password: string; readonly options: Options; readonly stored?: undefined }
  | { readonly password: string; readonly stored: string; readonly options?: undefined };

type HashOutcome = { readonly value: unknown } | { readonly error: unknown };

interface PendingJob {
  readonly job: HashJob;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Computes password hashes in threads of its own, in the order of the calls. The threads of libuv have the priority of the
 * event loop, and so every hash would delay all other requests (decision 36). A thread starts when a hash first needs it.
 */
export class PasswordHashThreads {
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, PendingJob>();
  private readonly waiting: PendingJob[] = [];

  /** For monitoring: the hashes that wait for a thread. */
  get queueLength(): number {
    return this.waiting.length;
  }

  /** @throws {PasswordHashQueueFull} */
  run(job: HashJob): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length >= MAX_WAITING) {
        throw new PasswordHashQueueFull('too many password hashes are waiting');
      }
      this.waiting.push({ job, resolve, reject });
      this.assignJobs();
    });
  }

  /** Ends the threads. Jobs that are not finished are rejected. */
  async close(): Promise<void> {
    for (const { reject } of this.waiting.splice(0))
      reject(new Error('the application has stopped'));
    await Promise.all([...this.idle, ...this.busy.keys()].map((thread) => thread.terminate()));
  }

  private assignJobs(): void {
    while (this.busy.size < MAX_THREADS) {
      const next = this.waiting.shift();
      if (!next) return;
      try {
        const thread = this.idle.pop() ?? this.startThread();
        this.busy.set(thread, next);
        // The process must not end while a hash is computed.
        thread.ref();
        thread.postMessage(next.job);
      } catch (error) {
        // The operating system refuses another thread.
        next.reject(error);
      }
    }
  }

  private startThread(): Worker {
    // Preloaded modules and secrets of the environment are not for this thread.
    const file = new URL('password-hash-thread.cjs', import.meta.url);
    const thread = new Worker(file, { execArgv: [], env: {} });
    thread.on('message', (outcome: HashOutcome) => {
      this.settle(thread, outcome);
      thread.unref();
      this.idle.push(thread);
      this.assignJobs();
    });
    thread.on('error', (error) => this.settle(thread, { error }));
    thread.on('exit', () => {
      this.settle(thread, { error: new Error('the thread of a password hash has ended') });
      const index = this.idle.indexOf(thread);
      if (index >= 0) this.idle.splice(index, 1);
      this.assignJobs();
    });
    return thread;
  }

  private settle(thread: Worker, outcome: HashOutcome): void {
    const pending = this.busy.get(thread);
    this.busy.delete(thread);
    if ('error' in outcome) pending?.reject(outcome.error);
    else pending?.resolve(outcome.value);
  }
}
