import type { MovableClock } from '../mothers.js';
import type { Said } from './host.js';
import { OpsProcess } from './ops-process.js';

let shared: OpsProcess | undefined;
afterAll(() => shared?.stop());

interface Place {
  /** The environment of a server, which may be running. */
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Pick<MovableClock, 'now'>;
}

/** The operations CLI beside a server, in another process. */
export class TestOps {
  constructor(private readonly place: Place) {}

  run(words: readonly string[], typed = ''): Promise<Said> {
    shared ??= new OpsProcess();
    const { settings, clock } = this.place;
    return shared.run({ words, typed, settings, now: clock.now() });
  }

  /** @throws where it fails, or standard output is not one JSON value */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the command says; the tests compare it
  async json(words: readonly string[], typed = ''): Promise<any> {
    const { code, output, errors } = await this.run([...words, '--json'], typed);
    if (code !== 0) throw new Error(errors);
    return JSON.parse(output);
  }
}
