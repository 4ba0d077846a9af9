import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import type { Actor } from '../security-events/security-event.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { hashOfSecret, newClientSecret } from './client-secret.js';
import type { Client } from './client.entity.js';
import { type ClientRegistration, Clients } from './clients.js';

/** Why a client stays as it is: a sentence for the operator. */
export class ClientRefusal extends Error {
  override readonly name = 'ClientRefusal';
}

/** What is done to clients on somebody's word: each operation is one transaction with its events. */
@Injectable()
export class ClientOperations {
  constructor(
    private readonly clients: Clients,
    private readonly families: FamilyLife,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEvents,
  ) {}

  /** By name, those that are disabled as well. */
  list(): Promise<readonly Client[]> {
    return this.clients.all();
  }

  /** @returns false where the id is taken */
  async create(registration: ClientRegistration, by: Actor): Promise<boolean> {
    const place = await this.clients.placeFor(registration);
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
    const secret = newClientSecret();
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.addSecret(clientId, hashOfSecret(secret)))) return undefined;
      await this.events.record({ type: 'client.secret_rotated', clientId, by });
      return secret;
    });
  }

  /**
   * Refuses the client from now on, and ends its sessions.
   * @returns false where there is no such client, or it is disabled already
   * @throws {ClientRefusal} for our own front ends: what configuration makes, only configuration takes away
   */
  async disable(clientId: string, by: Actor): Promise<boolean> {
    if (this.clients.isConfigured(clientId)) {
      throw new ClientRefusal(
        `${clientId} is part of this server and cannot be disabled: end its sessions, or disable accounts`,
      );
    }
    return this.unitOfWork.transaction(async () => {
      if (!(await this.clients.disable(clientId))) return false;
      await this.families.end({ clientId }, 'client_disabled');
      await this.events.record({ type: 'client.disabled', clientId, by });
      return true;
    });
  }
}
