import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Request, Said } from './host.js';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

interface Waiting {
  resolve(said: Said): void;
  reject(error: Error): void;
}

/** A process that runs the operations CLI, as often as it is told to: starting one for each would take a second. */
export class OpsProcess {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private runs = 0;
  private over: Error | undefined;

  constructor() {
    this.child = fork(here('./host.ts'), {
      execArgv: ['--conditions=@gatehouse/source', '--import', here('./typescript.mjs')],
    });
    this.child.on('message', ({ id, ...said }: Said & { id: number }) => {
      this.waiting.get(id)?.resolve(said);
      this.waiting.delete(id);
    });
    this.child.once('exit', (code, signal) => {
      const error = new Error(`the operations CLI ended by itself: ${signal ?? code}`);
      this.over = error;
      for (const { reject } of this.waiting.values()) reject(error);
    });
  }

  run(request: Omit<Request, 'id'>): Promise<Said> {
    if (this.over) return Promise.reject(this.over);
    const id = (this.runs += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, ...request });
    });
  }

  stop(): void {
    this.child.kill();
  }
}
