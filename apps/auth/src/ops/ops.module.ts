import { type DynamicModule, Module } from '@nestjs/common';
import { ACCOUNT_COMMANDS, AccountsCommand } from './accounts.command.js';
import { AfterRestoreCommand } from './after-restore.command.js';
import { BackupCommand } from './backup.command.js';
import { CLIENT_COMMANDS, ClientsCommand } from './clients.command.js';
import { EVENT_COMMANDS, EventsCommand } from './events.command.js';
import { KEY_COMMANDS, KeysCommand } from './keys.command.js';
import { MigrateCommand, RUN_MIGRATIONS, type RunMigrations } from './migrate.command.js';
import {
  OPEN_SERVER,
  type OpenServer,
  OperationRunner,
  TERMINAL,
  type Terminal,
} from './operation-runner.js';
import { SESSION_COMMANDS, SessionsCommand } from './sessions.command.js';
import { SECRET_COMMANDS, SecretsCommand } from './secrets.command.js';

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
