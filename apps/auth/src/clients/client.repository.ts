import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { StatusListService } from '../tokens/status-lists/status-list.service.js';
import { Client } from './client.entity.js';

type RequiredProperty = 'id' | 'authMethod' | 'secretHashes' | 'grantTypes' | 'scope';
type ServerProperty =
  | 'statusIndex'
  | 'createdAt'
  | 'disabledAt'
  | 'isPublic'
  | 'isSecretBased'
  | 'isPkceRequired'
  | 'allows';

/** What is known of a client when it is registered; the rest is as cautious as it can be. */
export type ClientRegistration = Pick<Client, RequiredProperty> &
  Partial<Omit<Client, RequiredProperty | ServerProperty>>;

/** VSCHAR (RFC 6749 §A.1), as many as the column takes. No database is asked about anything else: PostgreSQL takes no NUL. */
const CLIENT_ID_PATTERN = /^[\x20-\x7e]{1,64}$/;

/** Of a SHA-256, base64url. The newest stands first. */
const SECRET_HASH_LENGTH = 43;

const toFlag = (value: boolean): number => (value ? 1 : 0);
const joinWords = (value: readonly string[] = []): string => value.join(' ');

/** The columns that a registration decides. */
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
  ['require_pkce', ({ requirePkce = true }) => toFlag(requirePkce)],
  ['first_party', ({ firstParty = false }) => toFlag(firstParty)],
  ['id_token_algorithm', ({ idTokenAlgorithm = null }) => idTokenAlgorithm],
  ['subject_type', ({ subjectType = 'public' }) => subjectType],
  ['jwks', ({ jwks = null }) => jwks],
  ['resource_server', ({ resourceServer = null }) => resourceServer],
  ['exchange_targets', ({ exchangeTargets }) => joinWords(exchangeTargets)],
  ['dpop_bound', ({ dpopBound = false }) => toFlag(dpopBound)],
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

/** A client that is there keeps its place in the status list. */
const UPDATE_ASSIGNMENTS = REGISTRATION_COLUMNS.map(([name]) => `${name} = excluded.${name}`);

@Injectable()
export class ClientRepository {
  private readonly lookup: RowLookup<Client>;
  private readonly configured = new Map<string, Client>();

  constructor(
    @InjectRepository(Client) private readonly repository: Repository<Client>,
    private readonly unitOfWork: UnitOfWork,
    private readonly statusLists: StatusListService,
    private readonly clock: Clock,
  ) {
    this.lookup = unitOfWork.lookup(Client);
  }

  /** @returns the client, unless it is unknown or disabled */
  async findEnabled(id: string): Promise<Client | undefined> {
    if (!CLIENT_ID_PATTERN.test(id)) return undefined;
    const client = this.configured.get(id) ?? (await this.lookup.find(id));
    return client?.disabledAt === null ? client : undefined;
  }

  /** By name, those that are disabled as well. */
  findAll(): Promise<readonly Client[]> {
    return this.repository.find({ order: { id: 'ASC' } });
  }

  /** A client that is configuration rather than data: using it asks the database nothing. Its row is for rows that refer to it. */
  async upsertConfigured(client: Client): Promise<void> {
    await this.upsert(client);
    this.configured.set(client.id, client);
  }

  isConfigured(id: string): boolean {
    return this.configured.has(id);
  }

  /** Creates the client, or brings it up to date: replicas that start together agree. */
  async upsert(client: ClientRegistration): Promise<void> {
    const known = await this.lookup.find(client.id);
    const index = known ? known.statusIndex : await this.allocateStatusIndex(client);
    await this.unitOfWork.execute(
      `${INSERT} DO UPDATE SET ${UPDATE_ASSIGNMENTS.join(', ')}, status_index = COALESCE(client.status_index, excluded.status_index)`,
      this.toColumnValues(client, index),
    );
  }

  /**
   * @param place what {@link allocateStatusIndex} gave
   * @returns whether it did: of two at once exactly one does, and the other changes nothing
   */
  async create(client: ClientRegistration, place: number | null): Promise<boolean> {
    const values = this.toColumnValues(client, place);
    const { affected } = await this.unitOfWork.execute(`${INSERT} DO NOTHING`, values);
    return affected === 1;
  }

  /**
   * Puts a secret into force beside the newest of those that are.
   * @returns whether it did: not for a client that is unknown or disabled, or authenticates without secrets
   */
  async addSecret(id: string, hash: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE client SET secret_hashes = CAST($2 AS varchar) || ' ' || substr(secret_hashes, 1, ${SECRET_HASH_LENGTH})
       WHERE id = $1 AND disabled_at IS NULL AND auth_method LIKE 'client_secret_%'`,
      [id, hash],
    );
    return affected === 1;
  }

  /** @returns whether it was not disabled before */
  async disable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'UPDATE client SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL',
      [id, this.clock.now()],
    );
    return affected === 1;
  }

  /**
   * A place in a status list. Only tokens that a client gets for itself need one: those of people have their session's. A
   * rehearsal, whose transaction is taken back, gets none.
   */
  async allocateStatusIndex({ grantTypes }: ClientRegistration): Promise<number | null> {
    if (!grantTypes.includes('client_credentials') || this.unitOfWork.isInTransaction) return null;
    return this.statusLists.allocate();
  }

  private toColumnValues(
    client: ClientRegistration,
    statusIndex: number | null,
  ): readonly unknown[] {
    const decided = REGISTRATION_COLUMNS.map(([, valueOf]) => valueOf(client));
    return [client.id, this.clock.now(), statusIndex, ...decided];
  }
}
