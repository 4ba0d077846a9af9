import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { type AuthMethod, Client } from './client.entity.js';

export interface ClientRegistration {
  readonly id: string;
  readonly authMethod: AuthMethod;
  readonly secretHashes: readonly string[];
  readonly grantTypes: readonly string[];
  readonly scope: readonly string[];
  /** Seconds; the server's default where left out. */
  readonly accessTokenTtl?: number | null;
}

@Injectable()
export class Clients {
  private readonly lookup: RowLookup<Client>;
  private readonly configured = new Map<string, Client>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.lookup = unitOfWork.lookup(Client);
  }

  /** @returns the client, unless it is unknown or disabled */
  async find(id: string): Promise<Client | undefined> {
    const client = this.configured.get(id) ?? (await this.lookup.find(id));
    return client?.disabledAt === null ? client : undefined;
  }

  /** A client that is configuration rather than data: using it asks the database nothing. Its row is for rows that refer to it. */
  async configure(client: Client): Promise<void> {
    await this.register(client);
    this.configured.set(client.id, client);
  }

  /** Creates the client, or brings it up to date: replicas that start together agree. */
  async register(client: ClientRegistration): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, access_token_ttl, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (id) DO UPDATE SET auth_method = excluded.auth_method, secret_hashes = excluded.secret_hashes,
         grant_types = excluded.grant_types, scope = excluded.scope, access_token_ttl = excluded.access_token_ttl`,
      [
        client.id,
        client.authMethod,
        client.secretHashes.join(' '),
        client.grantTypes.join(' '),
        client.scope.join(' '),
        client.accessTokenTtl ?? null,
        this.clock.now(),
      ],
    );
  }
}
