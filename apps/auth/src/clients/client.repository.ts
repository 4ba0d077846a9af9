import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { StatusListService } from '../tokens/status-lists/status-list.service.js';
import { StatusSnapshotService } from '../tokens/status-lists/status-snapshot.service.js';
import { Client, defaultPkceRule } from './client.entity.js';

type RequiredProperty = 'id' | 'authMethod' | 'secretHashes' | 'grantTypes' | 'scope';
type OptionalProperty =
  | 'accessTokenTtl'
  | 'refreshIdleTtl'
  | 'refreshAbsoluteTtl'
  | 'name'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'allowedOrigins'
  | 'pkce'
  | 'firstParty'
  | 'idTokenAlgorithm'
  | 'subjectType'
  | 'jwks'
  | 'assertionAudience'
  | 'resourceServer'
  | 'exchangeTargets'
  | 'dpopBound'
  | 'separateTokens'
  | 'leanIdTokens';

/** The properties of a client that its registration sets. The defaults are the most restrictive values that client libraries work with. */
export type ClientRegistration = Pick<Client, RequiredProperty> &
  Partial<Pick<Client, OptionalProperty>>;

/** The texts from which the origins of clients in browsers derive. */
export interface OriginSources {
  readonly redirectUris: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** VSCHAR (RFC 6749 §A.1), at most the length of the column. Other ids cause no query, because PostgreSQL rejects NUL. */
const CLIENT_ID_PATTERN = /^[\x20-\x7e]{1,64}$/;

/** The length of a SHA-256 hash in base64url. The newest hash is the first. */
const SECRET_HASH_LENGTH = 43;

const toFlag = (value: boolean): number => (value ? 1 : 0);
const splitWords = (text: string): readonly string[] => text.split(' ').filter(Boolean);
const joinWords = (value: readonly string[] = []): string => value.join(' ');

const getPkceRule = ({ authMethod, pkce = defaultPkceRule(authMethod) }: ClientRegistration) =>
  pkce;

/** The columns that a registration sets. */
const REGISTRATION_COLUMNS: readonly (readonly [
  string,
  (client: ClientRegistration) => unknown,
])[] = [
  ['auth_method', ({ authMethod }) => authMethod],
  ['secret_hashes', ({ secretHashes }) => joinWords(secretHashes)],
  ['grant_types', ({ grantTypes }) => joinWords(grantTypes)],
  ['scope', ({ scope }) => joinWords(scope)],
  ['access_token_ttl', ({ accessTokenTtl = null }) => accessTokenTtl],
  ['refresh_idle_ttl', ({ refreshIdleTtl = null }) => refreshIdleTtl],
  ['refresh_absolute_ttl', ({ refreshAbsoluteTtl = null }) => refreshAbsoluteTtl],
  ['name', ({ name = '' }) => name],
  ['redirect_uris', ({ redirectUris }) => joinWords(redirectUris)],
  ['post_logout_redirect_uris', ({ postLogoutRedirectUris }) => joinWords(postLogoutRedirectUris)],
  ['allowed_origins', ({ allowedOrigins }) => joinWords(allowedOrigins)],
  ['require_pkce', (client) => toFlag(getPkceRule(client) !== 'never-required')],
  ['nonce_replaces_pkce', (client) => toFlag(getPkceRule(client) === 'or-nonce')],
  ['first_party', ({ firstParty = false }) => toFlag(firstParty)],
  ['id_token_algorithm', ({ idTokenAlgorithm = null }) => idTokenAlgorithm],
  ['subject_type', ({ subjectType = 'public' }) => subjectType],
  ['jwks', ({ jwks = null }) => jwks],
  ['assertion_audience', ({ assertionAudience = 'issuer' }) => assertionAudience],
  ['resource_server', ({ resourceServer = null }) => resourceServer],
  ['exchange_targets', ({ exchangeTargets }) => joinWords(exchangeTargets)],
  ['dpop_bound', ({ dpopBound = false }) => toFlag(dpopBound)],
  ['separate_tokens', ({ separateTokens = false }) => toFlag(separateTokens)],
  ['lean_id_tokens', ({ leanIdTokens = false }) => toFlag(leanIdTokens)],
];

const COLUMN_NAMES = [
  'id',
  'created_at',
  'status_index',
  ...REGISTRATION_COLUMNS.map(([name]) => name),
];
const INSERT = `
  INSERT INTO client (${COLUMN_NAMES.join(', ')})
  VALUES (${COLUMN_NAMES.map((_, n) => `$${n + 1}`).join(', ')})
  ON CONFLICT (id)`;

/** The update keeps the status index of the row. */
const UPDATE_ASSIGNMENTS = REGISTRATION_COLUMNS.map(([name]) => `${name} = excluded.${name}`);

/** Clients that were disabled after `$1`. */
const SELECT_REVOKED_STATUS_INDEXES =
  'SELECT status_index FROM client WHERE disabled_at > $1 AND status_index IS NOT NULL';

/** All SQL of the table `client`. */
@Injectable()
export class ClientRepository implements OnModuleInit {
  private readonly lookup: RowLookup<Client>;
  private readonly configured = new Map<string, Client>();

  constructor(
    @InjectRepository(Client) private readonly repository: Repository<Client>,
    private readonly unitOfWork: UnitOfWork,
    private readonly statusLists: StatusListService,
    private readonly snapshots: StatusSnapshotService,
    private readonly clock: Clock,
  ) {
    this.lookup = unitOfWork.lookup(Client);
  }

  onModuleInit(): void {
    this.snapshots.addSource(SELECT_REVOKED_STATUS_INDEXES);
  }

  /** @returns the client, unless it is unknown or disabled */
  async findEnabled(id: string): Promise<Client | undefined> {
    if (!CLIENT_ID_PATTERN.test(id)) return undefined;
    const client = this.configured.get(id) ?? (await this.lookup.find(id));
    return client?.disabledAt === null ? client : undefined;
  }

  /** @returns the client, also a disabled one */
  find(id: string): Promise<Client | undefined> {
    return CLIENT_ID_PATTERN.test(id) ? this.lookup.find(id) : Promise.resolve(undefined);
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
    await this.unitOfWork.execute(
      `${INSERT} DO UPDATE SET ${UPDATE_ASSIGNMENTS.join(', ')}, status_index = COALESCE(client.status_index, excluded.status_index)`,
      this.toColumnValues(client, index),
    );
  }

  /**
   * @param statusIndex from {@link allocateStatusIndex}
   * @returns false if the id is taken: of concurrent calls exactly one creates the client
   */
  async create(client: ClientRegistration, statusIndex: number | null): Promise<boolean> {
    const values = this.toColumnValues(client, statusIndex);
    const { affected } = await this.unitOfWork.execute(`${INSERT} DO NOTHING`, values);
    return affected === 1;
  }

  /**
   * Adds a secret. The newest of the previous secrets stays valid.
   * @returns false if the client is unknown or disabled, or authenticates without secrets
   */
  async addSecret(id: string, hash: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
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
    await this.unitOfWork.execute(
      `UPDATE client SET status_index = $2, ${assignments.join(', ')} WHERE id = $1`,
      [client.id, statusIndex, ...REGISTRATION_COLUMNS.map(([, valueOf]) => valueOf(client))],
    );
  }

  /** Enables a client that the caller has locked. Its earlier tokens have another status index. */
  async enable(id: string, statusIndex: number | null): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE client SET disabled_at = NULL, status_index = $2 WHERE id = $1',
      [id, statusIndex],
    );
  }

  /** @returns false if the client is unknown, or was disabled before */
  async disable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
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

  private toColumnValues(
    client: ClientRegistration,
    statusIndex: number | null,
  ): readonly unknown[] {
    const registered = REGISTRATION_COLUMNS.map(([, valueOf]) => valueOf(client));
    return [client.id, this.clock.now(), statusIndex, ...registered];
  }
}
