import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESOURCE_SERVER_SETTINGS, TestAuth, type TestClock } from './test-auth.js';
import type { OpsOutput } from './ops-host.js';
import { OpsProcess } from './ops-process.js';

let shared: OpsProcess | undefined;
afterAll(() => shared?.stop());

interface OpsEnvironment {
  /** The settings of a server, which may be running. */
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Pick<TestClock, 'now'>;
}

/** Runs the operations CLI in another process. */
export class TestOps {
  constructor(private readonly environment: OpsEnvironment) {}

  run(words: readonly string[], typed = ''): Promise<OpsOutput> {
    shared ??= new OpsProcess();
    const { settings, clock } = this.environment;
    return shared.run({
      ...{ words, typed, now: clock.now() },
      settings: { ...RESOURCE_SERVER_SETTINGS, ...settings },
    });
  }

  /** Runs a command with --json. @throws when it fails, or standard output is not one JSON value */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each command has another result; the tests compare it
  async runJson(words: readonly string[], typed = ''): Promise<any> {
    const { code, output, errors } = await this.run([...words, '--json'], typed);
    if (code !== 0) throw new Error(errors);
    return JSON.parse(output);
  }
}

/** A server, and the CLI with the same data folder. */
export async function startAuthWithOps(): Promise<{
  auth: TestAuth;
  ops: TestOps;
  folder: string;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-ops-'));
  const settings = { ID_TOKEN_ALGORITHM: 'ES256', DATA_DIR: folder };
  const auth = await TestAuth.start(settings);
  return { auth, ops: new TestOps({ settings, clock: auth.clock }), folder };
}
