const { readlinkSync } = require('node:fs');
const { getPriority, platform, setPriority } = require('node:os');
const { parentPort } = require('node:worker_threads');
const { hashSync, verifySync } = require('@node-rs/argon2');

// CommonJS, because Node runs this file from `dist`, and from `src` in tests, where no compiler sees it.

/** Beside a busy event loop a thread gets about a tenth of a CPU (sched(7)). */
const ADDED_NICENESS = 10;
const MAX_NICENESS = 19;

/**
 * Gives the event loop priority over this thread. On Linux every thread has a niceness of its own, and raising it needs no
 * permission. On other systems the call would slow the whole process.
 */
function lowerPriority() {
  if (platform() !== 'linux') return;
  try {
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, Math.min(MAX_NICENESS, getPriority(threadId) + ADDED_NICENESS));
  } catch {
    // Without /proc, hashes keep the priority of the event loop.
  }
}

/** @param {import('./password-hash-threads.js').HashJob} job */
const compute = ({ password, stored, options }) =>
  stored === undefined ? hashSync(password, options) : verifySync(stored, password);

lowerPriority();
parentPort.on('message', (job) => {
  try {
    parentPort.postMessage({ value: compute(job) });
  } catch (error) {
    parentPort.postMessage({ error });
  }
});
