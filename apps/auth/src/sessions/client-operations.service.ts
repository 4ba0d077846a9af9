import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { generateClientSecret, hashClientSecret } from '../clients/registered-credentials.js';
import type { Client } from '../clients/client.entity.js';
import {
  type CompleteRegistration,
  findRegistrationChanges,
  getRegistration,
  narrowsOwnTokens,
  type RegistrationChange,
} from '../clients/client-registration.js';
import { type ClientRegistration, ClientRepository } from '../clients/client.repository.js';
import { RevokedStatusIndexRepository } from '../tokens/status-lists/revoked-status-index.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** The server rejects an operation on a client. The message is a sentence for the operator. */
export class ClientOperationRefused extends Error {
  override readonly name = 'ClientOperationRefused';
}

/** What an update changed. */
export interface ClientUpdate {
  readonly clientId: string;
  readonly isNew: boolean;
  readonly isDisabled: boolean;
  readonly changes: readonly RegistrationChange[];
  /** The secret that the update created, because the client had none. The server does not store it. */
  readonly secret?: string;
}

/** Computes another registration of a client. It throws to refuse the update. */
export type Revision = (current: CompleteRegistration) => CompleteRegistration;

/** Operations on clients. Each is one transaction, which also records the security event. */
@Injectable()
export class ClientOperationsService {
  constructor(
    private readonly clients: ClientRepository,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
    private readonly revokedIndexes: RevokedStatusIndexRepository,
  ) {}

  /** @returns the client, also a disabled one */
  find(id: string): Promise<Client | undefined> {
    return this.clients.find(id);
  }

  /** All clients in order of their ids, also disabled ones. */
  list(): Promise<readonly Client[]> {
    return this.clients.findAll();
  }

  /** @returns false if the id is taken */
  async create(registration: ClientRegistration, by: Actor): Promise<boolean> {
    const statusIndex = await this.clients.allocateStatusIndex(registration);
    return this.change(async () => {
      if (!(await this.clients.create(registration, statusIndex))) return false;
      await this.events.record({ type: 'client.created', clientId: registration.id, by });
      return true;
    });
  }

  /**
   * Replaces the registration of a client. Of concurrent updates each revises what the previous one wrote.
   * @returns undefined if the client does not exist
   * @throws {ClientOperationRefused} if the client is part of the configuration
   */
  async update(clientId: string, revise: Revision, by: Actor): Promise<ClientUpdate | undefined> {
    this.refuseConfigured(clientId, 'changed');
    const seen = await this.clients.find(clientId);
    if (!seen) return undefined;
    const statusIndex = await this.clients.allocateStatusIndex(revise(getRegistration(seen)));
    return this.change(async () => {
      const current = await this.clients.lock(clientId);
      return current ? this.replace(current, { revise, statusIndex, by }) : undefined;
    });
  }

  /**
   * Creates the clients that do not exist, and replaces the registrations of the others: all of them, or none.
   * @throws {ClientOperationRefused} if a client is part of the configuration
   */
  async apply(
    registrations: readonly CompleteRegistration[],
    by: Actor,
  ): Promise<readonly ClientUpdate[]> {
    const indexes = new Map<string, number | null>();
    for (const registration of registrations) {
      this.refuseConfigured(registration.id, 'changed');
      indexes.set(registration.id, await this.clients.allocateStatusIndex(registration));
    }
    return this.change(async () => {
      const updates: ClientUpdate[] = [];
      // In the order of the ids, so that concurrent calls cannot deadlock.
      for (const each of [...registrations].sort(compareIds)) {
        updates.push(await this.createOrReplace(each, indexes.get(each.id) ?? null, by));
      }
      return updates;
    });
  }

  /**
   * Adds a new secret. The previous secret stays valid, older ones become invalid.
   * @returns the new secret, which the server does not store; undefined if the client does not exist, is disabled, or has no
   * secrets
   */
  rotateSecret(clientId: string, by: Actor): Promise<string | undefined> {
    const secret = generateClientSecret();
    return this.change(async () => {
      if (!(await this.clients.addSecret(clientId, hashClientSecret(secret)))) return undefined;
      await this.events.record({ type: 'client.secret_rotated', clientId, by });
      return secret;
    });
  }

  /**
   * Rejects the client from now on, and revokes its sessions.
   * @returns false if the client does not exist, or is disabled already
   * @throws {ClientOperationRefused} if the client is part of the configuration, because each start would enable it again
   */
  async disable(clientId: string, by: Actor): Promise<boolean> {
    this.refuseConfigured(clientId, 'disabled');
    return this.change(async () => {
      if (!(await this.clients.disable(clientId))) return false;
      await this.refreshTokenRevocation.revokeAllOfClient(clientId, 'client_disabled');
      await this.events.record({ type: 'client.disabled', clientId, by });
      return true;
    });
  }

  /**
   * Accepts the client again, with its secrets and consents. Its sessions and its tokens stay revoked.
   * @returns false if the client does not exist, or is not disabled
   */
  async enable(clientId: string, by: Actor): Promise<boolean> {
    const seen = await this.clients.find(clientId);
    if (!seen) return false;
    const statusIndex = await this.clients.allocateStatusIndex(seen);
    return this.change(async () => {
      const current = await this.clients.lock(clientId);
      if (!current?.disabledAt) return false;
      if (current.statusIndex !== null) await this.revokedIndexes.add(current.statusIndex);
      await this.clients.enable(clientId, statusIndex);
      await this.events.record({ type: 'client.enabled', clientId, by });
      return true;
    });
  }

  /** This process uses no registration that it read before the commit. */
  private async change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.unitOfWork.transaction(work);
    } finally {
      this.clients.forgetCached();
    }
  }

  private async createOrReplace(
    registration: CompleteRegistration,
    statusIndex: number | null,
    by: Actor,
  ): Promise<ClientUpdate> {
    const { client, secret } = withCredentials(registration);
    const clientId = client.id;
    if (await this.clients.create(client, statusIndex)) {
      await this.events.record({ type: 'client.created', clientId, by });
      return { clientId, isNew: true, isDisabled: false, changes: [], ...secret };
    }
    const current = await this.clients.lock(clientId);
    if (!current)
      throw new ClientOperationRefused(`the client ${clientId} does not exist any more`);
    return this.replace(current, { revise: () => registration, statusIndex, by });
  }

  private async replace(
    current: Client,
    { revise, statusIndex, by }: { revise: Revision; statusIndex: number | null; by: Actor },
  ): Promise<ClientUpdate> {
    const before = getRegistration(current);
    const { client, secret } = withCredentials(revise(before), before);
    const changes = findRegistrationChanges(before, client);
    const update = { clientId: client.id, isNew: false, isDisabled: current.disabledAt !== null };
    if (changes.length === 0) return { ...update, changes };
    const isNarrower = narrowsOwnTokens(current, client);
    if (isNarrower && current.statusIndex !== null)
      await this.revokedIndexes.add(current.statusIndex);
    await this.clients.update(
      client,
      isNarrower ? statusIndex : (current.statusIndex ?? statusIndex),
    );
    const changed = changes.map(({ property }) => property).join(' ');
    await this.events.record({ type: 'client.updated', clientId: client.id, changed, by });
    return { ...update, changes, ...secret };
  }

  private refuseConfigured(clientId: string, participle: 'changed' | 'disabled'): void {
    if (!this.clients.isConfigured(clientId)) return;
    throw new ClientOperationRefused(
      `${clientId} is part of this server and cannot be ${participle}. End its sessions, or disable accounts.`,
    );
  }
}

const compareIds = (one: { id: string }, other: { id: string }): number =>
  one.id < other.id ? -1 : 1;

/** Keeps the secrets of a client that authenticates by secret, and creates one if it has none. */
function withCredentials(
  registration: CompleteRegistration,
  { secretHashes } = registration,
): { readonly client: CompleteRegistration; readonly secret?: { readonly secret: string } } {
  const isSecretBased = registration.authMethod.startsWith('client_secret_');
  if (!isSecretBased) return { client: { ...registration, secretHashes: [] } };
  if (secretHashes.length > 0) return { client: { ...registration, secretHashes } };
  const secret = generateClientSecret();
  const client = { ...registration, secretHashes: [hashClientSecret(secret)] };
  return { client, secret: { secret } };
}
