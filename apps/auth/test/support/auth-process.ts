import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@gatehouse/service-kit/testing';

const toPath = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** The authorization server as a process of its own, which a test can stop by SIGSTOP. */
export class AuthProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(settings: Record<string, string>): Promise<AuthProcess> {
    const PORT = String(await freePort());
    const child = fork(toPath('../../src/main.ts'), {
      execArgv: ['--conditions=@gatehouse/source', '--import', toPath('./typescript.mjs')],
      env: { ...process.env, LOG_LEVEL: 'silent', ...settings, PORT },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const auth = new AuthProcess(`http://localhost:${PORT}`, child);
    while (!(await auth.isReady())) await delay(50);
    return auth;
  }

  /** Stops all its threads, as a frozen container does. Its connections stay open. @returns a function that lets it go on */
  freeze(): () => void {
    this.child.kill('SIGSTOP');
    return () => void this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private async isReady(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error('the authorization server did not start');
    const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }
}
