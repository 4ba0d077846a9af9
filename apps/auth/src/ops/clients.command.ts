import { Command, SubCommand } from 'nest-commander';
import type { Client } from '../clients/client.entity.js';
import { ClientOperations } from '../clients/client-operations.js';
import { requireClient } from './client-of.js';
import { CreateClient } from './create-client.command.js';
import { type ChangeOptions, type LookOptions, Operator } from './operator.js';
import { ChangingCommand, CommandGroup, OpsCommand } from './ops-command.js';
import { Refusal } from './refusal.js';
import { inUtc, table } from './table.js';

@SubCommand({ name: 'list', description: 'all clients, those that are disabled as well' })
export class ListClients extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], options: LookOptions): Promise<void> {
    return this.operator.look(options, async (server) => {
      const clients = await server.get(ClientOperations).list();
      return { value: clients.map(withoutHashes), text: tableOf(clients) };
    });
  }
}

const withoutHashes = ({ secretHashes, ...client }: Client) => ({
  ...client,
  secrets: secretHashes.length,
});

const shortly = (grantType: string): string => grantType.replace(/^urn:.*:/, '');

function tableOf(clients: readonly Client[]): string {
  return table(
    ['CLIENT', 'AUTH METHOD', 'SECRETS', 'GRANTS', 'SCOPE', 'REDIRECT URIS', 'CREATED', 'DISABLED'],
    clients.map((client) => [
      client.id,
      client.authMethod,
      String(client.secretHashes.length),
      client.grantTypes.map(shortly).join(' '),
      client.scope.join(' '),
      client.redirectUris.join(' '),
      inUtc(client.createdAt),
      client.disabledAt && inUtc(client.disabledAt),
    ]),
  );
}

@SubCommand({
  name: 'rotate-secret',
  arguments: '<id>',
  description: 'a new secret beside the one in force; one more rotation ends the old one',
})
export class RotateClientSecret extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run([id = '']: string[], options: ChangeOptions): Promise<void> {
    return this.operator.change(options, async (server) => {
      const client = await requireClient(server, id);
      if (!client.isSecretBased) {
        throw new Refusal(
          `the client ${id} has no secret: it authenticates by ${client.authMethod}`,
        );
      }
      const secret = await server.get(ClientOperations).rotateSecret(id, 'operator');
      if (secret === undefined) throw new Refusal(`the client ${id} is disabled`);
      return {
        value: { clientId: id },
        text: `The client ${id} has a new secret. The one before is good as well until you rotate again.`,
        secret: { name: 'clientSecret', value: secret },
      };
    });
  }
}

@SubCommand({
  name: 'disable',
  arguments: '<id>',
  description: 'refuse the client from now on, and end its sessions',
})
export class DisableClient extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run([id = '']: string[], options: ChangeOptions): Promise<void> {
    return this.operator.change(options, async (server) => {
      await requireClient(server, id);
      const disabled = await server.get(ClientOperations).disable(id, 'operator');
      if (!disabled) throw new Refusal(`the client ${id} is disabled already`);
      return {
        value: { clientId: id },
        text: `The client ${id} is disabled, and its sessions ended.`,
      };
    });
  }
}

export const CLIENT_COMMANDS = [ListClients, CreateClient, RotateClientSecret, DisableClient];

@Command({
  name: 'clients',
  description: 'applications that ask for tokens',
  subCommands: CLIENT_COMMANDS,
})
export class ClientsCommand extends CommandGroup {}
