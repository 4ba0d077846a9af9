import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { generateClientSecret, hashClientSecret } from '../clients/client-secret.js';
import type { Client } from '../clients/client.entity.js';
import { type ClientRegistration, ClientRepository } from '../clients/client.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** Why a client stays as it is: a sentence for the operator. */
export class ClientOperationRefused extends Error {
  override readonly name = 'ClientRefusal';
}

/** What is done to clients on somebody's word: each operation is one transaction with its events. */
@Injectable()
export class ClientOperationsService {
  constructor(
    private readonly clients: ClientRepository,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
  ) {}

  /** By name, those that are disabled as well. */
  list(): Promise<readonly Client[]> {
    return this.clients.findAll();
  }

  /** @returns false where the id is taken */
  async create(registration: ClientRegistration, by: Actor): Promise<boolean> {
    const place = await this.clients.allocateStatusIndex(registration);
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.create(registration, place))) return false;
      await this.events.record({ type: 'client.created', clientId: registration.id, by });
      return true;
    });
  }

  /**
   * The secret before stays good beside the new one, older ones do not.
   * @returns the new secret, in clear and only here; nothing where there is no such client, it is disabled, or has no secrets
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
   * Refuses the client from now on, and ends its sessions.
   * @returns false where there is no such client, or it is disabled already
   * @throws {ClientOperationRefused} for our own front ends: what configuration makes, only configuration takes away
   */
  async disable(clientId: string, by: Actor): Promise<boolean> {
    if (this.clients.isConfigured(clientId)) {
      throw new ClientOperationRefused(
        `${clientId} is part of this server and cannot be disabled: end its sessions, or disable accounts`,
      );
    }
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.disable(clientId))) return false;
      await this.refreshTokenRevocation.revoke({ clientId }, 'client_disabled');
      await this.events.record({ type: 'client.disabled', clientId, by });
      return true;
    });
  }
}
