import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { SourceMap } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '@gatehouse/service-kit/testing';
import { WebSocket } from 'ws';
import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { RunningCommand } from '../support/running-command.js';
import { ROOT } from '../support/workspace.js';

interface Location {
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly error?: object;
  readonly params?: { readonly callFrames?: readonly { readonly location: Location }[] };
}

it.each(['auth', 'orders', 'billing'])(
  'The launch configuration "One app" stops %s at a breakpoint in a TypeScript file',
  async (app) => {
    const source = join(ROOT, `apps/${app}/src/main.ts`);
    const lines = readFileSync(source, 'utf8').split('\n');
    const line = `${source}:${lines.findIndex((text) => text.includes('await runService('))}`;
    const { program, cwd } = launchConfiguration('One app', app);
    const mapping = mappingOf(program);
    const debuggee = await Inspector.connect(await startPaused(program, cwd));

    await debuggee.send('Debugger.enable');
    await debuggee.send('Debugger.setBreakpointByUrl', {
      url: pathToFileURL(program).href,
      ...toGenerated(mapping, line),
    });
    // The first pause is that of --inspect-brk, before the program.
    const isPaused = debuggee.paused();
    await debuggee.send('Runtime.runIfWaitingForDebugger');
    await isPaused;
    const isStopped = debuggee.paused();
    await debuggee.send('Debugger.resume');

    expect(toOriginal(mapping, await isStopped)).toBe(line);
  },
);

function launchConfiguration(name: string, app: string): { program: string; cwd: string } {
  const text = readFileSync(join(ROOT, '.vscode/launch.json'), 'utf8')
    .replaceAll('${workspaceFolder}', ROOT.replace(/\/$/, ''))
    .replaceAll('${input:app}', app);
  const { configurations } = JSON.parse(text);
  return configurations.find((configuration: { name: string }) => configuration.name === name);
}

async function startPaused(program: string, cwd: string): Promise<RunningCommand> {
  const PORT = String(await freePort());
  const DATA_DIR = await createTemporaryFolder();
  expect(resolve(cwd)).toBe(resolve(ROOT));
  return RunningCommand.start({
    file: process.execPath,
    arguments: ['--inspect-brk=127.0.0.1:0', program],
    env: { ...e2eConfig.shell, PORT, DATA_DIR },
  });
}

interface Mapping {
  readonly map: SourceMap;
  readonly lines: readonly string[];
  readonly folder: string;
}

function mappingOf(file: string): Mapping {
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  return { map, lines: readFileSync(file, 'utf8').split('\n'), folder: dirname(file) };
}

/** By the source map, as an editor does. Lines count from zero. */
function toOriginal({ map, folder }: Mapping, { lineNumber, columnNumber }: Location): string {
  const entry = map.findEntry(lineNumber, columnNumber);
  if (!('originalSource' in entry)) return 'nowhere';
  return `${resolve(folder, entry.originalSource)}:${entry.originalLine}`;
}

/** The first position in the built file that comes from a line of a source. The modules of the app are at the end. */
function toGenerated(mapping: Mapping, original: string): Location {
  for (let lineNumber = mapping.lines.length - 1; lineNumber >= 0; lineNumber--) {
    const columns = mapping.lines[lineNumber]?.length ?? 0;
    for (let columnNumber = 0; columnNumber < columns; columnNumber++) {
      const location = { lineNumber, columnNumber };
      if (toOriginal(mapping, location) === original) return location;
    }
  }
  throw new Error(`${original} is not in the source map.`);
}

/** A client of the protocol that editors use to debug Node. */
class Inspector {
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {}

  static async connect(command: RunningCommand): Promise<Inspector> {
    const [, url = ''] = await command.waitForOutput(/Debugger listening on (ws:\S+)/);
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Inspector(socket);
  }

  async send(method: string, params: object = {}): Promise<void> {
    const id = ++this.lastId;
    this.socket.send(JSON.stringify({ id, method, params }));
    const { error } = await this.message((message) => message.id === id);
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
  }

  /** Resolves at the next pause with its place. */
  async paused(): Promise<Location> {
    const { params } = await this.message(({ method }) => method === 'Debugger.paused');
    const [frame] = params?.callFrames ?? [];
    if (!frame) throw new Error('The process paused outside of a function.');
    return frame.location;
  }

  private message(isWanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Message;
        if (isWanted(message)) resolve(message);
      });
      this.socket.once('close', () => reject(new Error('The process closed the connection.')));
    });
  }
}
