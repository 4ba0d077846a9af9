import { Injectable } from '@nestjs/common';
import { ClientRepository } from '../clients/client.repository.js';
import type { Interaction } from './interaction.service.js';

/** On whose behalf a person is asked something. */
export interface ClientInfo {
  readonly clientId: string;
  /** What people are told that it is called. */
  readonly name: string;
  /** Where the answer goes in the end. */
  readonly redirectUri: string;
}

@Injectable()
export class ClientInfoService {
  constructor(private readonly clients: ClientRepository) {}

  /** @returns nothing where nobody asks, or the client is disabled by now */
  async find(interaction: Interaction | undefined): Promise<ClientInfo | undefined> {
    const { client_id: id, redirect_uri: redirectUri } = interaction?.parameters ?? {};
    const client = id === undefined ? undefined : await this.clients.findEnabled(id);
    if (!client || redirectUri === undefined) return undefined;
    return { clientId: client.id, name: client.name || client.id, redirectUri };
  }
}
