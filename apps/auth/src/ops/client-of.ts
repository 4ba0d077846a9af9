import type { Client } from '../clients/client.entity.js';
import { ClientOperations } from '../clients/client-operations.js';
import type { Server } from './operator.js';
import { Refusal } from './refusal.js';

/** @throws {Refusal} where there is none */
export async function requireClient(server: Server, id: string): Promise<Client> {
  const clients = await server.get(ClientOperations).list();
  const client = clients.find((each) => each.id === id);
  if (!client)
    throw new Refusal(`there is no client ${id}: list the clients to see which there are`);
  return client;
}
