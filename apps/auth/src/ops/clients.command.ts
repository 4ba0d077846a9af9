import { Command, SubCommand } from 'nest-commander';
import type { Client } from '../clients/client.entity.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { requireClient } from './lookups.js';
import { CreateClientCommand } from './create-client.command.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
} from './operation-runner.js';
import { OperationRefused } from './errors.js';
import { formatTable, formatUtc } from './table.js';

@SubCommand({ name: 'list', description: 'list all clients, including disabled ones' })
export class ListClientsCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const clients = await server.get(ClientOperationsService).list();
      return { value: clients.map(omitSecretHashes), text: formatClients(clients) };
    });
  }
}

const omitSecretHashes = ({ secretHashes, ...client }: Client) => ({
  ...client,
  secrets: secretHashes.length,
});

const shortenGrantType = (grantType: string): string => grantType.replace(/^urn:.*:/, '');

function formatClients(clients: readonly Client[]): string {
  return formatTable(
    ['CLIENT', 'AUTH METHOD', 'SECRETS', 'GRANTS', 'SCOPE', 'REDIRECT URIS', 'CREATED', 'DISABLED'],
    clients.map((client) => [
      client.id,
      client.authMethod,
      String(client.secretHashes.length),
      client.grantTypes.map(shortenGrantType).join(' '),
      client.scope.join(' '),
      client.redirectUris.join(' '),
      formatUtc(client.createdAt),
      client.disabledAt && formatUtc(client.disabledAt),
    ]),
  );
}

@SubCommand({
  name: 'rotate-secret',
  arguments: '<id>',
  description: 'add a new secret; the previous secret stays valid until the next rotation',
})
export class RotateClientSecretCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([id = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const client = await requireClient(server, id);
      if (!client.isSecretBased) {
        throw new OperationRefused(
          `the client ${id} has no secret: it authenticates by ${client.authMethod}`,
        );
      }
      const secret = await server.get(ClientOperationsService).rotateSecret(id, 'operator');
      if (secret === undefined) throw new OperationRefused(`the client ${id} is disabled`);
      return {
        value: { clientId: id },
        text: `The client ${id} has a new secret. The previous secret stays valid until you rotate again.`,
        secret: { name: 'clientSecret', value: secret },
      };
    });
  }
}

@SubCommand({
  name: 'disable',
  arguments: '<id>',
  description: 'reject all requests of the client, and end its sessions',
})
export class DisableClientCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([id = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      await requireClient(server, id);
      const disabled = await server.get(ClientOperationsService).disable(id, 'operator');
      if (!disabled) throw new OperationRefused(`the client ${id} is disabled already`);
      return {
        value: { clientId: id },
        text: `The client ${id} is disabled, and its sessions are ended.`,
      };
    });
  }
}

export const CLIENT_COMMANDS = [
  ListClientsCommand,
  CreateClientCommand,
  RotateClientSecretCommand,
  DisableClientCommand,
];

@Command({
  name: 'clients',
  description: 'OAuth clients',
  subCommands: CLIENT_COMMANDS,
})
export class ClientsCommand extends CommandGroup {}
