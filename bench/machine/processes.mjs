import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** @typedef {import('node:child_process').ChildProcess & { log: string }} Child a process with the path of its log */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts a Node script, on one CPU if `cpu` is given, with an IPC channel and its output in `log`.
 *
 * @param {{ script: string, args?: string[], env?: Record<string, string>, cpu?: number, log: string }} options
 * @returns {Child}
 */
export function start({ script, args = [], env = {}, cpu, log }) {
  const output = openSync(log, 'a');
  const command = [process.execPath, script, ...args];
  if (cpu !== undefined) command.unshift('taskset', '-c', String(cpu));
  const child = spawn(command[0], command.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output, 'ipc'],
  });
  closeSync(output);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return Object.assign(child, { log });
}

/**
 * The next message of a child; rejects with the end of its log when the child ends instead.
 *
 * @param {Child} child
 */
export async function messageFrom(child) {
  const settled = new AbortController();
  const { signal } = settled;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(() => Promise.reject(ended(child))),
    ]);
  } finally {
    settled.abort();
  }
}

/**
 * What to throw when a child has ended that should be running.
 *
 * @param {{ spawnargs: any, exitCode: any, log: any }} options
 */
export function ended({ spawnargs, exitCode, log }) {
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  return new Error(`"${spawnargs.join(' ')}" ended with ${exitCode}. Its last lines:\n${tail}`);
}

/** @param {Child} child */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exit;
  clearTimeout(patience);
}
