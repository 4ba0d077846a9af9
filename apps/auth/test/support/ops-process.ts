import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OpsOutput, OpsRequest } from './ops-host.js';

const toPath = (file: string) => fileURLToPath(new URL(file, import.meta.url));

interface PendingRun {
  resolve(result: OpsOutput): void;
  reject(error: Error): void;
}

/** A process that runs the operations CLI any number of times, because starting a process takes a second. */
export class OpsProcess {
  private readonly child: ChildProcess;
  private readonly pendingRuns = new Map<number, PendingRun>();
  private runs = 0;
  private exitError: Error | undefined;

  constructor() {
    this.child = fork(toPath('./ops-host.ts'), {
      execArgv: ['--conditions=@gatehouse/source', '--import', toPath('./typescript.mjs')],
    });
    this.child.on('message', ({ id, ...result }: OpsOutput & { id: number }) => {
      this.pendingRuns.get(id)?.resolve(result);
      this.pendingRuns.delete(id);
    });
    this.child.once('exit', (code, signal) => {
      const error = new Error(`the process of the operations CLI exited: ${signal ?? code}`);
      this.exitError = error;
      for (const { reject } of this.pendingRuns.values()) reject(error);
    });
  }

  run(request: Omit<OpsRequest, 'id'>): Promise<OpsOutput> {
    if (this.exitError) return Promise.reject(this.exitError);
    const id = (this.runs += 1);
    return new Promise((resolve, reject) => {
      this.pendingRuns.set(id, { resolve, reject });
      this.child.send({ id, ...request });
    });
  }

  stop(): void {
    this.child.kill();
  }
}
