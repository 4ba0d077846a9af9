import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const resolvePath = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const running = new Set<ChildProcess>();

export interface ServiceProcess {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves when the output matches; rejects when the process ends before. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the exit code once all output has been read; null when a signal ended the process. */
  exit(): Promise<number | null>;
}

/** Runs service.main.ts in a separate process, from its sources. */
export function startServiceProcess(env: Record<string, string>): ServiceProcess {
  const loader = ['--conditions=@gatehouse/source', '--import', resolvePath('./typescript.mjs')];
  const child = spawn(process.execPath, [...loader, resolvePath('./service.main.ts')], {
    env: { PATH: process.env['PATH'], ...env },
  });
  running.add(child);
  let output = '';
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const collect = (chunk: Buffer) => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return { child, output: () => output, waitForOutput: saw, exit: () => exited };

  async function saw(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${output}`);
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exited]);
    }
  }
}

export function killProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
}
