import { Injectable } from '@nestjs/common';
import { Clients } from '../clients/clients.js';
import type { Interaction } from './interaction.js';

/** On whose behalf a person is asked something. */
export interface Requester {
  readonly clientId: string;
  /** What people are told that it is called. */
  readonly name: string;
  /** Where the answer goes in the end. */
  readonly redirectUri: string;
}

@Injectable()
export class Requesters {
  constructor(private readonly clients: Clients) {}

  /** @returns nothing where nobody asks, or the client is disabled by now */
  async of(interaction: Interaction | undefined): Promise<Requester | undefined> {
    const { client_id: id, redirect_uri: redirectUri } = interaction?.parameters ?? {};
    const client = id === undefined ? undefined : await this.clients.find(id);
    if (!client || redirectUri === undefined) return undefined;
    return { clientId: client.id, name: client.name || client.id, redirectUri };
  }
}
