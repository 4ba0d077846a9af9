import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UnitOfWork } from '@gatehouse/persistence';
import { type INestApplicationContext, Inject, Injectable } from '@nestjs/common';
import { CommandRunner, Option } from 'nest-commander';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { normalizeEmail } from '../accounts/email-address.js';
import type { Client } from '../clients/client.entity.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { OperationRefused, UsageError } from './errors.js';

/** The streams of the process, or of a test. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

export const TERMINAL = Symbol('TERMINAL');

/** The first line of the input stream. */
export async function readFirstLine({ input }: Terminal): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  return '';
}

/** The result of an operation, for programs and for operators. */
export interface OperationResult {
  /** The members of the JSON object that `--json` prints; an array for a list. */
  readonly value: object;
  readonly text: string;
  /** A secret that this operation created. It is printed once. */
  readonly secret?: CreatedSecret;
}

export interface CreatedSecret {
  /** The member of the JSON object. */
  readonly name: string;
  readonly value: string;
  /** What the operator copies, by label: the secret, and the name that belongs to it. */
  readonly labels: Readonly<Record<string, string>>;
  /** A sentence: what to do with it. */
  readonly purpose: string;
}

const DRY_RUN_NOTICE = 'dry run: nothing was changed. Without --dry-run:';

/** @returns the text for standard output, with its line end */
export function formatJson({ value, secret }: OperationResult, isDryRun?: boolean): string {
  if (isDryRun === undefined) return `${JSON.stringify(value)}\n`;
  // A dry run discards its secret, so a script must not read it.
  const created = secret && !isDryRun ? { [secret.name]: secret.value } : {};
  return `${JSON.stringify({ dryRun: isDryRun, ...value, ...created })}\n`;
}

/** @returns the text for standard output, with its line end */
export function formatText({ text, secret }: OperationResult, isDryRun?: boolean): string {
  if (isDryRun) return `${DRY_RUN_NOTICE}\n${text}\n`;
  return secret ? `${text}\n${formatSecret(secret)}\n` : `${text}\n`;
}

export function formatSecret({ labels, purpose }: CreatedSecret): string {
  const width = Math.max(...Object.keys(labels).map((label) => label.length));
  const lines = Object.entries(labels).map(
    ([label, value]) => `  ${`${label}:`.padEnd(width + 1)}  ${value}`,
  );
  return `\n${lines.join('\n')}\n\nThe secret is shown only now, and stored as a hash. ${purpose}`;
}

/** The services of the authorization server; see `OpsContextModule`. */
export type Server = Pick<INestApplicationContext, 'get'>;
export type OpenServer = () => Promise<INestApplicationContext>;
export const OPEN_SERVER = Symbol('OPEN_SERVER');

/**
 * @param name the e-mail address or the id of an account
 * @throws {OperationRefused} when the account does not exist
 */
export async function requireAccount(server: Server, name: string): Promise<Account> {
  const accounts = server.get(AccountRepository);
  const account = name.startsWith('acct_')
    ? await accounts.find(name)
    : await accounts.findByEmail(normalizeEmail(name) ?? name);
  if (!account) throw new OperationRefused(`there is no account ${name}`);
  return account;
}

/** An id is accepted without a look-up, because events outlive accounts. */
export const resolveAccountId = async (server: Server, name: string): Promise<string> =>
  name.startsWith('acct_') ? name : (await requireAccount(server, name)).id;

/** @throws {OperationRefused} when the client does not exist */
export async function requireClient(server: Server, id: string): Promise<Client> {
  const client = await server.get(ClientOperationsService).find(id);
  if (!client) {
    throw new OperationRefused(`there is no client ${id}: list the clients to see all of them`);
  }
  return client;
}

export interface ReadOptions {
  readonly json?: boolean | undefined;
}
export interface ChangeOptions extends ReadOptions {
  readonly dryRun?: boolean | undefined;
}

type Operation = (server: Server) => Promise<OperationResult>;

/**
 * Runs operations and prints their results. It opens the services of the server only when a command needs them, so help and
 * usage errors need neither configuration nor database.
 */
@Injectable()
export class OperationRunner {
  constructor(
    @Inject(OPEN_SERVER) private readonly open: OpenServer,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {}

  /** Runs an operation that changes nothing. */
  async read(options: ReadOptions, work: Operation): Promise<void> {
    this.print(await this.withServer(work), { json: options.json });
  }

  /** Runs an operation that changes something. A dry run rolls back, and prints the result that it would have had. */
  async change({ json, dryRun = false }: ChangeOptions, work: Operation): Promise<void> {
    const result = await this.withServer((server) =>
      dryRun ? runDry(server.get(UnitOfWork), () => work(server)) : work(server),
    );
    this.print(result, { json, dryRun });
  }

  /** For operations that do not use {@link read} or {@link change}. */
  print(result: OperationResult, { json, dryRun }: ChangeOptions): void {
    this.terminal.output.write(json ? formatJson(result, dryRun) : formatText(result, dryRun));
  }

  async write(text: string): Promise<void> {
    if (!this.terminal.output.write(text)) await once(this.terminal.output, 'drain');
  }

  /** Prints to standard error, because standard output may be piped into a file. */
  printNotice(text: string): void {
    this.terminal.errors.write(`${text}\n`);
  }

  printNotices(texts: readonly string[]): void {
    for (const text of texts) this.printNotice(text);
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

/** Carries the result out of the transaction and rolls it back. */
class DryRun extends Error {
  constructor(readonly result: OperationResult) {
    super('rolled back after a dry run');
  }
}

/** Runs the operation, with its checks and counts, in a transaction that is rolled back at the end. */
async function runDry(
  unitOfWork: UnitOfWork,
  work: () => Promise<OperationResult>,
): Promise<OperationResult> {
  try {
    return await unitOfWork.transaction(async () => {
      throw new DryRun(await work());
    });
  } catch (error) {
    if (error instanceof DryRun) return error.result;
    throw error;
  }
}

/** The type of Commander, which nest-commander bundles and does not export. */
type Command = Parameters<CommandRunner['setCommand']>[0];

/** Base class of all commands. */
export abstract class OpsCommand extends CommandRunner {
  /** Makes Commander throw instead of ending the process, so that `runOps` sets the exit code. */
  override setCommand(command: Command): this {
    command.exitOverride().allowExcessArguments(false);
    return super.setCommand(command);
  }

  @Option({ flags: '--json', description: 'print one JSON value only' })
  json(): boolean {
    return true;
  }
}

/** Base class of commands that change something. */
export abstract class ChangingCommand extends OpsCommand {
  @Option({ flags: '--dry-run', description: 'roll back, and print what would have changed' })
  dryRun(): boolean {
    return true;
  }
}

/** A command such as `ops keys`, which only groups subcommands. */
export abstract class CommandGroup extends CommandRunner {
  override setCommand(command: Command): this {
    command.exitOverride();
    return super.setCommand(command);
  }

  run([word]: string[]): Promise<void> {
    if (word !== undefined) throw new UsageError(`unknown command '${word}'\n\n${this.help}`);
    throw new UsageError(this.help);
  }

  private get help(): string {
    return this.command.helpInformation().trimEnd();
  }
}
