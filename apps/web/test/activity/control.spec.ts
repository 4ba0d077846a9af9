import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Action = (signal: AbortSignal) => Promise<object>;

interface Control {
  readonly settings: { readonly DEMO_CONTROL_URL: string; readonly DEMO_CONTROL_SECRET: string };
  close(): void;
}

interface Service {
  entry: string;
  readonly isRunning: boolean;
  start(): void;
  stop(): Promise<void>;
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  untilUnexpectedExit(): Promise<{ readonly how: string }>;
}

interface Launcher {
  readonly ControlServer: { start(actions: Readonly<Record<string, Action>>): Promise<Control> };
  readonly ActionRefused: new (message: string, members: object) => Error;
  readonly ServiceProcess: new (options: object) => Service;
}

const START = new URL('../../../../tools/start/', import.meta.url).href;
const { ControlServer, ActionRefused }: Launcher = await import(`${START}control.mjs`);
const { ServiceProcess }: Launcher = await import(`${START}service-process.mjs`);

describe('the control server of the demo', () => {
  let control: Control;
  let actions: Record<string, Action>;
  let url: URL;
  let secret: string;
  let calls: number;

  beforeEach(async () => {
    calls = 0;
    actions = { '/count': async () => ({ calls: (calls += 1) }) };
    control = await ControlServer.start(actions);
    url = new URL(control.settings.DEMO_CONTROL_URL);
    secret = control.settings.DEMO_CONTROL_SECRET;
  });
  afterEach(() => control.close());

  async function send({ path = '/count', method = 'POST', headers = {} } = {}) {
    const sent = request(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${secret}`, ...headers },
    }).end();
    const [response] = await once(sent, 'response');
    const body: unknown = JSON.parse(Buffer.concat(await response.toArray()).toString());
    return { status: Number(response.statusCode), body };
  }

  it('runs an action for a caller that knows the secret', async () => {
    expect(await send()).toEqual({ status: 200, body: { calls: 1 } });
  });

  it('makes a new secret of 256 bits at each start', async () => {
    const other = await ControlServer.start({});
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(other.settings.DEMO_CONTROL_SECRET).not.toBe(secret);
    other.close();
  });

  it('listens on the loopback interface only', () => {
    expect(url.hostname).toBe('127.0.0.1');
  });

  it.each([
    ['a caller without the secret', 401, { headers: { authorization: '' } }],
    [
      'a caller with another secret',
      401,
      { headers: { authorization: `Bearer ${'A'.repeat(43)}` } },
    ],
    ['a page of another site', 403, { headers: { origin: 'https://attacker.example' } }],
    ['a page of the same machine', 403, { headers: { origin: 'http://localhost:3003' } }],
    ['a browser after DNS rebinding', 403, { headers: { host: 'attacker.example' } }],
    ['a GET request', 405, { method: 'GET' }],
    ['an unknown action', 404, { path: '/delete-all' }],
    ['the name of an inherited member', 404, { path: '/constructor' }],
  ])('refuses %s', async (_, status, change) => {
    expect((await send(change)).status).toBe(status);
    expect(calls).toBe(0);
  });

  it('runs an action once at a time', async () => {
    let finish = (_: object): void => undefined;
    let first: ReturnType<typeof send> | undefined;
    await new Promise<void>((begin) => {
      actions['/slow'] = () => {
        begin();
        return new Promise((resolve) => (finish = resolve));
      };
      first = send({ path: '/slow' });
    });
    const second = await send({ path: '/slow' });
    finish({});
    expect(await first).toMatchObject({ status: 200 });
    expect(second.status).toBe(409);
    actions['/slow'] = async () => ({});
    expect((await send({ path: '/slow' })).status).toBe(200);
  });

  it('tells the caller why an action is refused, and until when', async () => {
    const notBefore = '2026-11-30T10:00:00.000Z';
    actions['/early'] = async () => {
      throw new ActionRefused('Too early.', { notBefore });
    };
    expect(await send({ path: '/early' })).toEqual({
      status: 409,
      body: { detail: 'Too early.', notBefore },
    });
  });

  it('tells running actions to end when the launcher stops', async () => {
    let isAborted = false;
    const begun = new Promise<void>((resolve) => {
      actions['/wait'] = async (signal) => {
        signal.addEventListener('abort', () => (isAborted = true));
        resolve();
        return new Promise(() => undefined);
      };
    });
    const answer = send({ path: '/wait' });
    await begun;
    control.close();
    await expect(answer).rejects.toThrow();
    expect(isAborted).toBe(true);
  });
});

describe('an app that a drill pauses', () => {
  let folder: string;
  let service: Service;
  let starts: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'web-pause-'));
    const entry = join(folder, 'app.mjs');
    await writeFile(entry, 'console.log("started"); setInterval(() => undefined, 1000);');
    starts = 0;
    service = new ServiceProcess({ name: 'auth', env: {}, show: () => (starts += 1) });
    service.entry = entry;
  });
  afterEach(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  const untilStarted = async (count: number) => {
    while (starts < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('stops, starts again, and its stop is not reported as a crash', async () => {
    service.start();
    await untilStarted(1);
    const exit = service.untilUnexpectedExit();
    await service.pause(10, new AbortController().signal);
    expect(service.isRunning).toBe(false);
    await untilStarted(2);
    expect(service.isRunning).toBe(true);
    expect(await Promise.race([exit, Promise.resolve('no exit')])).toBe('no exit');
  });

  it('reports its crash after the pause', async () => {
    service.start();
    await untilStarted(1);
    const exit = service.untilUnexpectedExit();
    await writeFile(service.entry, 'process.exit(3);');
    await service.pause(10, new AbortController().signal);
    expect((await exit).how).toBe('exit code 3');
  });

  it('stays stopped when the launcher stops during the pause', async () => {
    const stopping = new AbortController();
    service.start();
    await untilStarted(1);
    await service.pause(60_000, stopping.signal);
    stopping.abort();
    await new Promise(setImmediate);
    expect(service.isRunning).toBe(false);
    expect(starts).toBe(1);
  });
});
