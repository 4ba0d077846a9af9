import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { KeyLife, type SigningKeyView } from '../keys/key-life.js';
import type { SigningAlgorithm } from '../keys/signing-key.entity.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type ChangeOptions, type LookOptions, Operator, type Server } from './operator.js';
import { ChangingCommand, CommandGroup, OpsCommand } from './ops-command.js';
import { oneOf } from './option-values.js';
import { fromNow, inUtc, table } from './table.js';

@SubCommand({ name: 'list', description: 'all signing keys, newest first' })
export class ListKeys extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], options: LookOptions): Promise<void> {
    return this.operator.look(options, async (server) => {
      const keys = await server.get(KeyLife).list();
      return { value: keys, text: tableOf(keys, server.get(Clock).now()) };
    });
  }
}

function tableOf(keys: readonly SigningKeyView[], now: number): string {
  return table(
    ['KID', 'ALGORITHM', 'STATE', 'SINCE', ''],
    keys.map(({ kid, algorithm, state, changedAt, leavesAt }) => [
      kid,
      algorithm,
      state,
      `${inUtc(changedAt)} (${fromNow(changedAt, now)})`,
      leavesAt ? `leaves the key set ${fromNow(leavesAt, now)}` : ' ',
    ]),
  );
}

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256'];

interface StageOptions extends ChangeOptions {
  readonly algorithm?: SigningAlgorithm;
}

@SubCommand({
  name: 'stage',
  description: 'publish the key that will sign next; where there is one already, tell which',
})
export class StageKey extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], { algorithm: wished, ...options }: StageOptions): Promise<void> {
    return this.operator.change(options, async (server) => {
      const algorithm = wished ?? server.get<AuthConfig>(AUTH_CONFIG).SIGNING_ALGORITHM;
      const kid = await server.get(KeyLife).stage(algorithm, 'operator');
      const text = `The key ${kid} is pending. It will sign by itself, or with: keys activate ${kid}`;
      return { value: { kid, algorithm, state: 'pending' }, text };
    });
  }

  @Option({
    flags: '--algorithm <name>',
    description: 'default: SIGNING_ALGORITHM',
    choices: [...ALGORITHMS],
  })
  algorithm(name: string): SigningAlgorithm {
    return oneOf(ALGORITHMS, name);
  }
}

/** What is done to one key. */
@Injectable()
abstract class KeyCommand extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  protected abstract readonly becomes: string;
  protected abstract act(life: KeyLife, kid: string): Promise<void>;

  run([kid = '']: string[], options: ChangeOptions): Promise<void> {
    return this.operator.change(options, async (server: Server) => {
      await this.act(server.get(KeyLife), kid);
      return { value: { kid, state: this.becomes }, text: `The key ${kid} is ${this.becomes}.` };
    });
  }
}

@SubCommand({
  name: 'activate',
  arguments: '<kid>',
  description: 'let a pending key sign; the one that did is retiring from then on',
})
export class ActivateKey extends KeyCommand {
  protected readonly becomes = 'active';
  protected act(life: KeyLife, kid: string): Promise<void> {
    return life.activate(kid, 'operator');
  }
}

@SubCommand({
  name: 'retire',
  arguments: '<kid>',
  description: 'take a retiring key out of the key set, once no token of it can be good',
})
export class RetireKey extends KeyCommand {
  protected readonly becomes = 'retired';
  protected act(life: KeyLife, kid: string): Promise<void> {
    return life.retire(kid, 'operator');
  }
}

@SubCommand({
  name: 'revoke',
  arguments: '<kid>',
  description: 'emergency: the key leaves at once, its tokens are refused, another one signs',
})
export class RevokeKey extends KeyCommand {
  protected readonly becomes = 'revoked';
  protected act(life: KeyLife, kid: string): Promise<void> {
    return life.revoke(kid, 'operator');
  }
}

export const KEY_COMMANDS = [ListKeys, StageKey, ActivateKey, RetireKey, RevokeKey];

@Command({ name: 'keys', description: 'signing keys', subCommands: KEY_COMMANDS })
export class KeysCommand extends CommandGroup {}
