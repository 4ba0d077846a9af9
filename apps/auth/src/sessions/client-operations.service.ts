import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { generateClientSecret, hashClientSecret } from '../clients/registered-credentials.js';
import type { Client } from '../clients/client.entity.js';
import { type ClientRegistration, ClientRepository } from '../clients/client.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** The server rejects an operation on a client. The message is a sentence for the operator. */
export class ClientOperationRefused extends Error {
  override readonly name = 'ClientOperationRefused';
}

/** Operations on clients. Each is one transaction, which also records the security event. */
@Injectable()
export class ClientOperationsService {
  constructor(
    private readonly clients: ClientRepository,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /** All clients in order of their ids, also disabled ones. */
  list(): Promise<readonly Client[]> {
    return this.clients.findAll();
  }

  /** @returns false if the id is taken */
  async create(registration: ClientRegistration, by: Actor): Promise<boolean> {
    const statusIndex = await this.clients.allocateStatusIndex(registration);
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.create(registration, statusIndex))) return false;
      await this.events.record({ type: 'client.created', clientId: registration.id, by });
      return true;
    });
  }

  /**
   * Adds a new secret. The previous secret stays valid, older ones become invalid.
   * @returns the new secret, which the server does not store; undefined if the client does not exist, is disabled, or has no
   * secrets
   */
  rotateSecret(clientId: string, by: Actor): Promise<string | undefined> {
    const secret = generateClientSecret();
    return this.unitOfWork.transaction(async () => {
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
    if (this.clients.isConfigured(clientId)) {
      throw new ClientOperationRefused(
        `${clientId} is part of this server and cannot be disabled. End its sessions, or disable accounts.`,
      );
    }
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.disable(clientId))) return false;
      await this.refreshTokenRevocation.revokeAllOfClient(clientId, 'client_disabled');
      await this.events.record({ type: 'client.disabled', clientId, by });
      return true;
    });
  }
}
