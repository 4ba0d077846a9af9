import { Command, SubCommand } from 'nest-commander';
import type { Client } from '../clients/client.entity.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { toDocument } from './client-document.js';
import { CreateClientCommand, describeClientSecret } from './create-client.command.js';
import { ApplyClientsCommand, UpdateClientCommand } from './update-client.command.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  requireClient,
} from './operation-runner.js';
import { OperationRefused } from './errors.js';
import { formatFields, formatTable, formatUtc, TERMINAL_WIDTH } from './table.js';

@SubCommand({ name: 'list', description: 'list all clients, including disabled ones' })
export class ListClientsCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const clients = await server.get(ClientOperationsService).list();
      return { value: clients.map(toDocument), text: formatClients(clients) };
    });
  }
}

const shortenGrantType = (grantType: string): string => grantType.replace(/^urn:.*:/, '');

function formatClients(clients: readonly Client[]): string {
  return formatTable(
    ['CLIENT', 'STATE', 'AUTH METHOD', 'PKCE', 'GRANTS'],
    clients.map((client) => [
      client.id,
      client.disabledAt ? 'disabled' : 'enabled',
      client.authMethod,
      client.canUseGrant('authorization_code') ? client.pkce : null,
      client.grantTypes.map(shortenGrantType).join(' '),
    ]),
    TERMINAL_WIDTH,
  );
}

@SubCommand({ name: 'show', arguments: '<id>', description: 'show the registration of a client' })
export class ShowClientCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([id = '']: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const client = await requireClient(server, id);
      return { value: toDocument(client), text: formatClient(client) };
    });
  }
}

function formatClient(client: Client): string {
  const { createdAt, disabledAt, jwks, ...document } = toDocument(client);
  const fields = Object.entries(document).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(shortenGrantType).join(' ') : String(value ?? ''),
  ]);
  return formatFields({
    ...Object.fromEntries(fields),
    jwks: (jwks?.keys ?? []).map(({ kid }) => kid).join(' '),
    createdAt: formatUtc(createdAt),
    disabledAt: disabledAt && formatUtc(disabledAt),
  });
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
        secret: describeClientSecret(id, secret),
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
        text: `The client ${id} is disabled, and its sessions are ended. To accept it again: clients enable ${id}`,
      };
    });
  }
}

@SubCommand({
  name: 'enable',
  arguments: '<id>',
  description: 'accept a disabled client again, with its secrets; its sessions stay ended',
})
export class EnableClientCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([id = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      await requireClient(server, id);
      const enabled = await server.get(ClientOperationsService).enable(id, 'operator');
      if (!enabled) throw new OperationRefused(`the client ${id} is not disabled`);
      return {
        value: { clientId: id },
        text: `The client ${id} is enabled with its secrets and consents. Its sessions and tokens stay revoked.`,
      };
    });
  }
}

export const CLIENT_COMMANDS = [
  ListClientsCommand,
  ShowClientCommand,
  CreateClientCommand,
  UpdateClientCommand,
  ApplyClientsCommand,
  RotateClientSecretCommand,
  DisableClientCommand,
  EnableClientCommand,
];

@Command({
  name: 'clients',
  description: 'OAuth clients',
  subCommands: CLIENT_COMMANDS,
})
export class ClientsCommand extends CommandGroup {}
