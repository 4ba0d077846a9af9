import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UnitOfWork } from '@gatehouse/persistence';
import { type INestApplicationContext, Inject, Injectable } from '@nestjs/common';

/** Where an operation was asked for: the process's streams, or a test's. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

export const TERMINAL = Symbol('TERMINAL');

/** The first line of what is piped in. */
export async function readFirstLine({ input }: Terminal): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  return '';
}

/** What an operation has to say, for programs and for people. */
export interface OperationResult {
  /** The members of the JSON object that `--json` prints; an array where the operation is a list. */
  readonly value: object;
  readonly text: string;
  /** Made by this operation and shown this once, under the name that it has in the JSON object. */
  readonly secret?: { readonly name: string; readonly value: string };
}

const DRY_RUN_NOTICE = 'dry run: nothing was changed. Without --dry-run:';

/** @returns what goes to standard output, with its line end */
export function formatJson(answer: OperationResult, isDryRun?: boolean): string {
  const { value, secret } = answer;
  if (isDryRun === undefined) return `${JSON.stringify(value)}\n`;
  // What was made in a dry run is good for nothing, and a script must not take it for real.
  const made = secret && !isDryRun ? { [secret.name]: secret.value } : {};
  return `${JSON.stringify({ dryRun: isDryRun, ...value, ...made })}\n`;
}

/** @returns what goes to standard output, with its line end */
export function formatText({ text, secret }: OperationResult, isDryRun?: boolean): string {
  if (isDryRun) return `${DRY_RUN_NOTICE}\n${text}\n`;
  if (!secret) return `${text}\n`;
  return `${text}\n\n  ${secret.value}\n\nIt is shown this once, and stored as a hash only.\n`;
}

/** The services of the authorization server; see {@link ServerModule}. */
export type Server = Pick<INestApplicationContext, 'get'>;
export type OpenServer = () => Promise<INestApplicationContext>;
export const OPEN_SERVER = Symbol('OPEN_SERVER');

export interface ReadOptions {
  readonly json?: boolean | undefined;
}
export interface ChangeOptions extends ReadOptions {
  readonly dryRun?: boolean | undefined;
}

type Operation = (server: Server) => Promise<OperationResult>;

/**
 * Who gives the orders. The server's services are opened when a command needs them and not before, so help and faults of
 * usage need neither configuration nor database.
 */
@Injectable()
export class OperationRunner {
  constructor(
    @Inject(OPEN_SERVER) private readonly open: OpenServer,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {}

  /** Tells what is. */
  async read(options: ReadOptions, work: Operation): Promise<void> {
    this.print(await this.withServer(work), { json: options.json });
  }

  /** Changes something; in a dry run, takes it back and tells what it would have been. */
  async change({ json, dryRun = false }: ChangeOptions, work: Operation): Promise<void> {
    const answer = await this.withServer((server) =>
      dryRun ? runDry(server.get(UnitOfWork), () => work(server)) : work(server),
    );
    this.print(answer, { json, dryRun });
  }

  /** For operations that need no server, and for those that write as they go. */
  print(answer: OperationResult, { json, dryRun }: ChangeOptions): void {
    this.terminal.output.write(json ? formatJson(answer, dryRun) : formatText(answer, dryRun));
  }

  async write(text: string): Promise<void> {
    if (!this.terminal.output.write(text)) await once(this.terminal.output, 'drain');
  }

  /** For people only: standard output may be piped into a file. */
  printNotice(text: string): void {
    this.terminal.errors.write(`${text}\n`);
  }

  async withServer<T>(work: (server: Server) => Promise<T>): Promise<T> {
    const server = await this.open();
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  }
}

/** Carries the answer out of a transaction that must not last. */
class DryRun extends Error {
  constructor(readonly answer: OperationResult) {
    super('rolled back after a dry run');
  }
}

/** The operation itself with its refusals and counts, in a transaction that is rolled back at the end. */
async function runDry(
  unitOfWork: UnitOfWork,
  work: () => Promise<OperationResult>,
): Promise<OperationResult> {
  try {
    return await unitOfWork.transaction(async () => {
      throw new DryRun(await work());
    });
  } catch (error) {
    if (error instanceof DryRun) return error.answer;
    throw error;
  }
}
