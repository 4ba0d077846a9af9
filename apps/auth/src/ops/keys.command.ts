import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { KeyRotationService, type SigningKeyView } from '../tokens/keys/key-rotation.service.js';
import type { SigningAlgorithm } from '../tokens/keys/signing-key.entity.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  type Server,
} from './operation-runner.js';
import { parseChoice } from './option-parsers.js';
import { formatRelativeTime, formatTable, formatUtc } from './table.js';

@SubCommand({ name: 'list', description: 'list all signing keys, newest first' })
export class ListKeysCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const keys = await server.get(KeyRotationService).list();
      return { value: keys, text: formatKeys(keys, server.get(Clock).now()) };
    });
  }
}

function formatKeys(keys: readonly SigningKeyView[], now: number): string {
  return formatTable(
    ['KID', 'ALGORITHM', 'STATE', 'SINCE', ''],
    keys.map(({ kid, algorithm, state, changedAt, leavesAt }) => [
      kid,
      algorithm,
      state,
      `${formatUtc(changedAt)} (${formatRelativeTime(changedAt, now)})`,
      leavesAt ? `leaves the key set ${formatRelativeTime(leavesAt, now)}` : ' ',
    ]),
  );
}

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256'];

interface StageOptions extends ChangeOptions {
  readonly algorithm?: SigningAlgorithm;
}

@SubCommand({
  name: 'stage',
  description: 'publish the key that signs next, or print its kid if it is published already',
})
export class StageKeyCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], { algorithm: requested, ...options }: StageOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const algorithm = requested ?? server.get<AuthConfig>(AUTH_CONFIG).SIGNING_ALGORITHM;
      const rotation = server.get(KeyRotationService);
      const before = await rotation.list();
      const kid = await rotation.stage(algorithm, 'operator');
      // A dry run discards the key that it creates, and the next key has another kid.
      if (options.dryRun && !before.some((key) => key.kid === kid)) {
        return { value: { algorithm, state: 'pending' }, text: 'A new key is pending.' };
      }
      const text = `The key ${kid} is pending. The server activates it in time, or you do: keys activate ${kid}`;
      return { value: { kid, algorithm, state: 'pending' }, text };
    });
  }

  @Option({
    flags: '--algorithm <name>',
    description: 'signature algorithm; default SIGNING_ALGORITHM',
    choices: [...ALGORITHMS],
  })
  algorithm(name: string): SigningAlgorithm {
    return parseChoice(ALGORITHMS, name);
  }
}

/** Base class of commands that change the state of one key. */
@Injectable()
abstract class KeyCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  protected abstract readonly resultingState: string;
  protected abstract apply(rotation: KeyRotationService, kid: string): Promise<void>;

  run([kid = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server: Server) => {
      await this.apply(server.get(KeyRotationService), kid);
      return {
        value: { kid, state: this.resultingState },
        text: `The key ${kid} is ${this.resultingState}.`,
      };
    });
  }
}

@SubCommand({
  name: 'activate',
  arguments: '<kid>',
  description: 'let a pending key sign; the previous signer becomes retiring',
})
export class ActivateKeyCommand extends KeyCommand {
  protected readonly resultingState = 'active';
  protected apply(rotation: KeyRotationService, kid: string): Promise<void> {
    return rotation.activate(kid, 'operator');
  }
}

@SubCommand({
  name: 'retire',
  arguments: '<kid>',
  description: 'remove a retiring key from the key set, when all its tokens have expired',
})
export class RetireKeyCommand extends KeyCommand {
  protected readonly resultingState = 'retired';
  protected apply(rotation: KeyRotationService, kid: string): Promise<void> {
    return rotation.retire(kid, 'operator');
  }
}

@SubCommand({
  name: 'revoke',
  arguments: '<kid>',
  description: 'emergency: remove a key at once; its tokens are rejected, and another key signs',
})
export class RevokeKeyCommand extends KeyCommand {
  protected readonly resultingState = 'revoked';
  protected apply(rotation: KeyRotationService, kid: string): Promise<void> {
    return rotation.revoke(kid, 'operator');
  }
}

export const KEY_COMMANDS = [
  ListKeysCommand,
  StageKeyCommand,
  ActivateKeyCommand,
  RetireKeyCommand,
  RevokeKeyCommand,
];

@Command({ name: 'keys', description: 'signing keys', subCommands: KEY_COMMANDS })
export class KeysCommand extends CommandGroup {}
