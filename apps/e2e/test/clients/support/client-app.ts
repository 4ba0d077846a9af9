import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@gatehouse/service-kit/testing';
import { createTemporaryFolder } from '../../support/cleanup.js';
import { e2eConfig } from '../../support/e2e.config.js';
import { findChromium } from '../../support/chromium.js';
import { RunningCommand } from '../../support/running-command.js';
import { waitUntil } from '../../support/wait-until.js';
import { ROOT } from '../../support/workspace.js';

export const CLIENTS = join(ROOT, 'test/clients');

/** `client.json`, which test/clients/README.md describes. */
export interface ClientDefinition {
  /** The folder, below test/clients. */
  readonly name: string;
  readonly title: string;
  readonly version: { readonly npm: string } | { readonly command: readonly string[] };
  readonly run: readonly string[];
  readonly needs: 'npm' | readonly string[];
  readonly missing?: string;
  readonly callback?: string;
  readonly create?: readonly string[];
  readonly kind?: 'server' | 'browser';
  /** What the developer sees instead of the error code, by step. */
  readonly shows?: Readonly<Record<string, string>>;
  /** Reasons, by step. */
  readonly without?: Readonly<Record<string, string>>;
}

/** The clients of test/clients, or those of the setting CLIENTS. */
export const listClients = (): ClientDefinition[] =>
  listFolders('')
    .filter((name) => e2eConfig.clients.some((part) => name.includes(part)))
    .map((name) => ({ ...JSON.parse(readFileSync(definitionOf(name), 'utf8')), name }));

const definitionOf = (name: string): string => join(CLIENTS, name, 'client.json');

function listFolders(parent: string): string[] {
  const entries = readdirSync(join(CLIENTS, parent), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules');
  return folders
    .map(({ name }) => (parent ? `${parent}/${name}` : name))
    .sort()
    .flatMap((name) => (existsSync(definitionOf(name)) ? [name] : listFolders(name)));
}

const isSuccessful = ([file = '', ...parameters]: readonly string[]): boolean =>
  spawnSync(file, parameters, { cwd: CLIENTS, stdio: 'ignore' }).status === 0;

/** @returns why the client cannot run here, or undefined */
export function findMissing(client: ClientDefinition, hasPackages: boolean): string | undefined {
  if (client.needs === 'npm' && !hasPackages) return 'npm ci failed in test/clients';
  if (client.needs !== 'npm' && !isSuccessful(client.needs))
    return client.missing ?? 'not installed';
  if (client.kind === 'browser' && !findChromium()) {
    return 'no Chromium was found; CHROMIUM_PATH may name one';
  }
  return undefined;
}

export function readVersion({ version }: ClientDefinition): string {
  if ('command' in version) {
    const [file = '', ...parameters] = version.command;
    return spawnSync(file, parameters, { cwd: CLIENTS, encoding: 'utf8' }).stdout.trim();
  }
  const file = join(CLIENTS, 'node_modules', version.npm, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** A client's app as a process. */
export class ClientApp {
  private process: RunningCommand | undefined;

  private constructor(
    readonly client: ClientDefinition,
    private readonly port: number,
    private readonly folder: string,
  ) {}

  static async create(client: ClientDefinition): Promise<ClientApp> {
    return new ClientApp(client, await freePort(), await createTemporaryFolder());
  }

  get baseUrl(): string {
    return `http://localhost:${this.port}`;
  }

  get clientId(): string {
    return this.client.name.replaceAll('/', '-');
  }

  get redirectUri(): string {
    return `${this.baseUrl}${this.client.callback ?? '/callback'}`;
  }

  get output(): string {
    return this.process?.output ?? '';
  }

  /** Starts the app and waits until it answers. */
  async start(env: Readonly<Record<string, string>>): Promise<void> {
    const [file = '', ...parameters] = this.client.run;
    const PORT = String(this.port);
    this.process = RunningCommand.start({
      // bash would read ~/.bashrc, because its standard input is a socket.
      file: 'sh',
      arguments: ['-c', 'cd "$0" && exec "$@"', CLIENTS, file, ...parameters],
      env: { ...e2eConfig.shell, ...env, PORT, BASE_URL: this.baseUrl, DATA: this.folder },
    });
    await waitUntil(`the start of ${this.client.name}`, () => this.isReady());
  }

  stop(): void {
    this.process?.signal('SIGTERM');
  }

  private async isReady(): Promise<boolean> {
    if (this.process?.isOver) throw new Error(`${this.client.name} ended:\n${this.output}`);
    const response = await fetch(this.baseUrl, { redirect: 'manual' }).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200;
  }
}
