import { Injectable } from '@nestjs/common';
import { ClientRepository } from '../clients/client.repository.js';
import type { Interaction } from './interaction.service.js';

/** The client that sent the user to a page. */
export interface ClientInfo {
  readonly clientId: string;
  /** The registered name; the client id if there is none. */
  readonly name: string;
  /** Receives the authorization response. */
  readonly redirectUri: string;
}

@Injectable()
export class ClientInfoService {
  constructor(private readonly clients: ClientRepository) {}

  /** @returns `undefined` without an authorization request, and for a client that was disabled meanwhile */
  async find(interaction: Interaction | undefined): Promise<ClientInfo | undefined> {
    const { client_id: id, redirect_uri: redirectUri } = interaction?.parameters ?? {};
    const client = id === undefined ? undefined : await this.clients.findEnabled(id);
    if (!client || redirectUri === undefined) return undefined;
    return { clientId: client.id, name: client.name || client.id, redirectUri };
  }
}
