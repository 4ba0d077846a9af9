import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { AuthorizationCodeRepository } from './authorization-code.repository.js';
import { type AuthorizedClient, ConsentRepository } from './consent.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** The access that people give to clients. */
@Injectable()
export class ConsentService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly consents: ConsentRepository,
    private readonly events: SecurityEventService,
  ) {}

  /** Whether the person need not be asked: a previous consent covers the whole scope, or the client is a first-party client. */
  async hasConsent(
    accountId: string,
    { id, firstParty }: Pick<Client, 'id' | 'firstParty'>,
    scope: readonly string[],
  ): Promise<boolean> {
    if (firstParty) return true;
    const allowed = await this.consents.findScope(accountId, id);
    if (!allowed) return false;
    return scope.every((word) => allowed.includes(word));
  }

  /** Adds the scope to the previous consent. Concurrent calls lose no scope. */
  grant(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    return this.unitOfWork.transaction(async () => {
      const before = await this.consents.lockOrInsert(accountId, clientId);
      await this.consents.updateScope(accountId, clientId, [...new Set([...before, ...scope])]);
      const allowed = scope.join(' ');
      await this.events.record({ type: 'consent.granted', accountId, clientId, scope: allowed });
    });
  }
}

/** The clients that a person has given access to, as the account page shows them. */
@Injectable()
export class AuthorizedClientService {
  constructor(
    private readonly transactions: AccountTransactionService,
    private readonly consents: ConsentRepository,
    private readonly codes: AuthorizationCodeRepository,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
  ) {}

  /** The newest first. First-party clients need no consent, and disabled clients have no access, so neither is listed. */
  list(accountId: string): Promise<readonly AuthorizedClient[]> {
    return this.consents.findAuthorizedClients(accountId);
  }

  /** Withdraws the consent, and revokes the sessions of the client. Without a consent it changes nothing. */
  withdrawConsent(accountId: string, clientId: string): Promise<void> {
    // The lock of the account: a login at the same time either has created its session before, or finds no consent after.
    return this.transactions.run(accountId, async (now) => {
      if (!(await this.consents.delete(accountId, clientId))) return;
      // An unused code would become valid again with the next consent.
      await this.codes.deleteUnused(accountId, clientId, now);
      await this.events.record({ type: 'consent.withdrawn', accountId, clientId });
      const reason = 'consent_withdrawn';
      await this.refreshTokenRevocation.revokeOfAccountAtClient(accountId, clientId, reason);
    });
  }
}
