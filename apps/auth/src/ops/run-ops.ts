import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { type DynamicModule, Module } from '@nestjs/common';
import { toErrorMessage, toExitCode } from './errors.js';
import {
  OPEN_SERVER,
  type OpenServer,
  OperationRunner,
  type Terminal,
  TERMINAL,
} from './operation-runner.js';
import { ACCOUNT_COMMANDS, AccountsCommand } from './accounts.command.js';
import { AfterRestoreCommand } from './after-restore.command.js';
import { BackupCommand } from './backup.command.js';
import { CLIENT_COMMANDS, ClientsCommand } from './clients.command.js';
import { EVENT_COMMANDS, EventsCommand } from './events.command.js';
import { KEY_COMMANDS, KeysCommand } from './keys.command.js';
import { SESSION_COMMANDS, SessionsCommand } from './sessions.command.js';
import {
  MigrateCommand,
  RUN_MIGRATIONS,
  type RunMigrations,
  SECRET_COMMANDS,
  SecretsCommand,
} from './setup.command.js';

/**
 * Runs one command.
 *
 * @param words the arguments of the command line
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage
 */
export async function runOps(
  words: readonly string[],
  terminal: Terminal,
  backend: OpsBackend,
): Promise<number> {
  let failure: unknown;
  const app = await CommandFactory.createWithoutRunning(OpsModule.forRoot(terminal, backend), {
    logger: false,
    abortOnError: false,
    cliName: 'ops',
    errorHandler: (error) => {
      throw error;
    },
    serviceErrorHandler: (error) => {
      failure = error;
    },
    outputConfiguration: {
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => terminal.errors.write(text),
    },
  });
  await app.get(CommandRunnerService).run(['node', 'ops', ...moveKidsLast(words)]);
  await app.close();
  if (failure === undefined) return 0;
  const message = toErrorMessage(failure);
  if (message !== undefined) terminal.errors.write(`${message}\n`);
  return toExitCode(failure);
}

/** A kid is a thumbprint (RFC 7638). One of 64 kids begins with a hyphen, as options do. */
const KID_LIKE_AN_OPTION = /^-[\w-]{42}$/;

function moveKidsLast(words: readonly string[]): readonly string[] {
  const kids = words.filter((word) => KID_LIKE_AN_OPTION.test(word));
  if (kids.length === 0 || words.includes('--')) return words;
  return [...words.filter((word) => !kids.includes(word)), '--', ...kids];
}

/** The commands, with one file per noun. */
const COMMANDS = [
  KeysCommand,
  ...KEY_COMMANDS,
  SessionsCommand,
  ...SESSION_COMMANDS,
  ClientsCommand,
  ...CLIENT_COMMANDS,
  AccountsCommand,
  ...ACCOUNT_COMMANDS,
  EventsCommand,
  ...EVENT_COMMANDS,
  SecretsCommand,
  ...SECRET_COMMANDS,
  BackupCommand,
  AfterRestoreCommand,
  MigrateCommand,
];

/** How commands reach the services and the database of the authorization server. */
export interface OpsBackend {
  readonly openServer: OpenServer;
  readonly runMigrations: RunMigrations;
}

@Module({})
export class OpsModule {
  static forRoot(terminal: Terminal, backend: OpsBackend): DynamicModule {
    return {
      module: OpsModule,
      providers: [
        { provide: TERMINAL, useValue: terminal },
        { provide: OPEN_SERVER, useValue: backend.openServer },
        { provide: RUN_MIGRATIONS, useValue: backend.runMigrations },
        OperationRunner,
        ...COMMANDS,
      ],
    };
  }
}
