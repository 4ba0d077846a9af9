import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { StatusListService } from '../tokens/status-lists/status-list.service.js';
import { StatusSnapshotService } from '../tokens/status-lists/status-snapshot.service.js';
import { ClientCache } from './client-cache.js';
import {
  type ClientRegistration,
  INSERT_CLIENT,
  REGISTRATION_COLUMNS,
  UPDATE_ASSIGNMENTS,
} from './client-columns.js';
import { Client } from './client.entity.js';

export type { ClientRegistration };

/** The texts from which the origins of clients in browsers derive. */
export interface OriginSources {
  readonly redirectUris: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** VSCHAR (RFC 6749 §A.1), at most the length of the column. Other ids cause no query, because PostgreSQL rejects NUL. */
const CLIENT_ID_PATTERN = /^[\x20-\x7e]{1,64}$/;

/** The length of a SHA-256 hash in base64url. The newest hash is the first. */
const SECRET_HASH_LENGTH = 43;

const splitWords = (text: string): readonly string[] => text.split(' ').filter(Boolean);

/** Clients that were disabled after `$1`. */
const SELECT_REVOKED_STATUS_INDEXES =
  'SELECT status_index FROM client WHERE disabled_at > $1 AND status_index IS NOT NULL';

/** All SQL of the table `client`. */
@Injectable()
export class ClientRepository implements OnModuleInit {
  private readonly lookup: RowLookup<Client>;
  private readonly configured = new Map<string, Client>();
  private readonly cache: ClientCache;

  constructor(
    @InjectRepository(Client) private readonly repository: Repository<Client>,
    private readonly unitOfWork: UnitOfWork,
    private readonly statusLists: StatusListService,
    private readonly snapshots: StatusSnapshotService,
    private readonly clock: Clock,
  ) {
    this.lookup = unitOfWork.lookup(Client);
    this.cache = new ClientCache(clock);
  }

  onModuleInit(): void {
    this.snapshots.addSource(SELECT_REVOKED_STATUS_INDEXES);
  }

  /**
   * Reads the row, unless the client is part of the configuration.
   * @returns the client, unless it is unknown or disabled
   */
  async findEnabled(id: string): Promise<Client | undefined> {
    const client = this.configured.get(id) ?? (await this.find(id));
    return client?.disabledAt === null ? client : undefined;
  }

  /** As {@link findEnabled}, but the registration may be up to five seconds old (decision 34). */
  findRecentlyEnabled(id: string): Promise<Client | undefined> {
    const client = this.getRecentlyEnabled(id);
    return client ? Promise.resolve(client) : this.findEnabled(id);
  }

  /** @returns an enabled client that this process read within the last five seconds */
  getRecentlyEnabled(id: string): Client | undefined {
    return this.configured.get(id) ?? this.cache.get(id);
  }

  /** @returns the client, also a disabled one */
  async find(id: string): Promise<Client | undefined> {
    if (!CLIENT_ID_PATTERN.test(id)) return undefined;
    return this.cache.load(id, () => this.lookup.find(id));
  }

  /** Makes this process read every client again. Call it after the commit of a transaction that changed one. */
  forgetCached(): void {
    this.cache.clear();
  }

  /** All clients in order of their ids, also disabled ones. */
  findAll(): Promise<readonly Client[]> {
    return this.repository.find({ order: { id: 'ASC' } });
  }

  /** The redirect URIs of all public clients that are enabled, and the allowed origins of all clients that are enabled. */
  async findOriginSources(): Promise<OriginSources> {
    const rows = await this.unitOfWork.query<Record<'redirect_uris' | 'allowed_origins', string>>(
      `SELECT CASE WHEN auth_method = 'none' THEN redirect_uris ELSE '' END AS redirect_uris, allowed_origins
       FROM client WHERE disabled_at IS NULL AND (auth_method = 'none' OR allowed_origins <> '')`,
    );
    return {
      redirectUris: rows.flatMap((row) => splitWords(row.redirect_uris)),
      allowedOrigins: rows.flatMap((row) => splitWords(row.allowed_origins)),
    };
  }

  /** Registers a client of the configuration. Finding it needs no query. Its row exists for the foreign keys of other tables. */
  async upsertConfigured(client: Client): Promise<void> {
    await this.upsert(client);
    this.configured.set(client.id, client);
  }

  isConfigured(id: string): boolean {
    return this.configured.has(id);
  }

  /** Creates the client or updates it, in one statement, because replicas may start at the same time. */
  async upsert(client: ClientRegistration): Promise<void> {
    const known = await this.lookup.find(client.id);
    const index = known ? known.statusIndex : await this.allocateStatusIndex(client);
    await this.write(
      `${INSERT_CLIENT} DO UPDATE SET ${UPDATE_ASSIGNMENTS.join(', ')}, status_index = COALESCE(client.status_index, excluded.status_index)`,
      this.toColumnValues(client, index),
    );
  }

  /**
   * @param statusIndex from {@link allocateStatusIndex}
   * @returns false if the id is taken: of concurrent calls exactly one creates the client
   */
  async create(client: ClientRegistration, statusIndex: number | null): Promise<boolean> {
    const values = this.toColumnValues(client, statusIndex);
    return (await this.write(`${INSERT_CLIENT} DO NOTHING`, values)) === 1;
  }

  /**
   * Adds a secret. The newest of the previous secrets stays valid.
   * @returns false if the client is unknown or disabled, or authenticates without secrets
   */
  async addSecret(id: string, hash: string): Promise<boolean> {
    const affected = await this.write(
      `UPDATE client SET secret_hashes = CAST($2 AS varchar) || ' ' || substr(secret_hashes, 1, ${SECRET_HASH_LENGTH})
       WHERE id = $1 AND disabled_at IS NULL AND auth_method LIKE 'client_secret_%'`,
      [id, hash],
    );
    return affected === 1;
  }

  /**
   * Locks the row until the caller's transaction ends.
   * @returns the client as it is now, also a disabled one
   */
  lock(id: string): Promise<Client | null> {
    return this.unitOfWork.transaction(async (manager) => {
      const sql = 'UPDATE client SET disabled_at = disabled_at WHERE id = $1';
      await this.unitOfWork.execute(sql, [id]);
      return manager.findOneBy(Client, { id });
    });
  }

  /** Replaces the whole registration of a client that the caller has locked. */
  async update(client: ClientRegistration, statusIndex: number | null): Promise<void> {
    const assignments = REGISTRATION_COLUMNS.map(([name], n) => `${name} = $${n + 3}`);
    await this.write(
      `UPDATE client SET status_index = $2, ${assignments.join(', ')} WHERE id = $1`,
      [client.id, statusIndex, ...REGISTRATION_COLUMNS.map(([, valueOf]) => valueOf(client))],
    );
  }

  /** Enables a client that the caller has locked. Its earlier tokens have another status index. */
  async enable(id: string, statusIndex: number | null): Promise<void> {
    await this.write('UPDATE client SET disabled_at = NULL, status_index = $2 WHERE id = $1', [
      id,
      statusIndex,
    ]);
  }

  /** @returns false if the client is unknown, or was disabled before */
  async disable(id: string): Promise<boolean> {
    const affected = await this.write(
      'UPDATE client SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL',
      [id, this.clock.now()],
    );
    return affected === 1;
  }

  /**
   * Allocates an index in a status list. Only tokens of the client_credentials grant use it, because other tokens use the index
   * of their session. A dry run gets none, because it runs in a transaction that is rolled back.
   */
  async allocateStatusIndex({ grantTypes }: ClientRegistration): Promise<number | null> {
    if (!grantTypes.includes('client_credentials') || this.unitOfWork.isInTransaction) return null;
    return this.statusLists.allocate();
  }

  /** @returns the number of changed rows */
  private async write(sql: string, parameters: readonly unknown[]): Promise<number> {
    const { affected } = await this.unitOfWork.execute(sql, parameters);
    this.cache.clear();
    return affected;
  }

  private toColumnValues(
    client: ClientRegistration,
    statusIndex: number | null,
  ): readonly unknown[] {
    const registered = REGISTRATION_COLUMNS.map(([, valueOf]) => valueOf(client));
    return [client.id, this.clock.now(), statusIndex, ...registered];
  }
}
