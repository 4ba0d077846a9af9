import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { freePort } from '../../tools/terminal/processes.mjs';
import { PATH } from './services/resource.mjs';

const SCRIPT = fileURLToPath(new URL('./services/process.mjs', import.meta.url));
const log = join(mkdtempSync(join(tmpdir(), 'scoreboard-')), 'services.log');

/** How long a process may take to end after it has left a request without an answer. */
const ENDING_MS = 2000;

/** A service in a process of its own, because a request may end it. */
export class RunningService {
  /** @type {any} */
  #child;
  #args = [''];
  url = '';

  /** @param {any} module @param {any} settings */
  static async start(module, settings) {
    const service = new RunningService();
    const port = await freePort();
    service.url = `http://127.0.0.1:${port}${PATH}`;
    service.#args = [module, JSON.stringify({ ...settings, port })];
    await service.#launch();
    return service;
  }

  /** Starts it again if it has ended, or is about to. */
  async restartIfEnded() {
    if (this.#child.exitCode === null) {
      const patience = AbortSignal.timeout(ENDING_MS);
      await once(this.#child, 'exit', { signal: patience }).catch(() => undefined);
    }
    if (this.#child.exitCode !== null) await this.#launch();
  }

  stop() {
    return stop(this.#child);
  }

  async #launch() {
    this.#child = start({ script: SCRIPT, args: this.#args, log });
    await messageFrom(this.#child);
  }
}
