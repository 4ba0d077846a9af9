import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/service-kit';
import type { Client } from '../clients/client.entity.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountTransactionService } from './account-transaction.service.js';
import { AuthorizationCodeRepository } from './authorization-code.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** A client that a person has given access to. */
export interface AuthorizedClient {
  readonly clientId: string;
  readonly name: string;
  readonly scope: readonly string[];
  /** The time of the first consent. */
  readonly since: Date;
}

interface AuthorizedClientRow {
  readonly client_id: string;
  readonly name: string;
  readonly scope: string;
  /** PostgreSQL returns a bigint as text. */
  readonly granted_at: number | string;
}

/** All SQL of the table `consent`. The scope is a list of words that spaces separate. */
@Injectable()
export class ConsentRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined if the person has not given access to the client */
  async findScope(accountId: string, clientId: string): Promise<readonly string[] | undefined> {
    const [consent] = await this.unitOfWork.query<{ scope: string }>(
      'SELECT scope FROM consent WHERE account_id = $1 AND client_id = $2',
      [accountId, clientId],
    );
    return consent && splitScope(consent.scope);
  }

  /**
   * Locks the consent for the rest of the transaction, and creates it without scope if there is none. A concurrent call waits
   * here for the first transaction, and then reads the scope that it wrote.
   * @returns the scope; undefined for an erased account
   */
  async lockOrInsert(accountId: string, clientId: string): Promise<readonly string[] | undefined> {
    const { rows } = await this.unitOfWork.execute<{ scope: string }>(
      `INSERT INTO consent (account_id, client_id, scope, granted_at)
       SELECT id, CAST($2 AS varchar), '', CAST($3 AS bigint) FROM account WHERE id = $1 AND erased_at IS NULL
       ON CONFLICT (account_id, client_id) DO UPDATE SET granted_at = consent.granted_at RETURNING scope`,
      [accountId, clientId, this.clock.now()],
    );
    return rows[0] && splitScope(rows[0].scope);
  }

  async updateScope(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE consent SET scope = $3 WHERE account_id = $1 AND client_id = $2',
      [accountId, clientId, scope.join(' ')],
    );
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM consent WHERE account_id = $1', [accountId]);
  }

  /** @returns false if there was none */
  async delete(accountId: string, clientId: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'DELETE FROM consent WHERE account_id = $1 AND client_id = $2',
      [accountId, clientId],
    );
    return affected > 0;
  }

  /** The newest first. One query reads the names of the clients too, because a page needs both. */
  async findAuthorizedClients(accountId: string): Promise<readonly AuthorizedClient[]> {
    const rows = await this.unitOfWork.query<AuthorizedClientRow>(
      `SELECT client_id, name, consent.scope, granted_at FROM consent JOIN client ON client.id = client_id
       WHERE account_id = $1 AND first_party = 0 AND disabled_at IS NULL
       ORDER BY granted_at DESC, client_id`,
      [accountId],
    );
    return rows.map(({ client_id: clientId, name, scope, granted_at }) => ({
      clientId,
      name: name || clientId,
      scope: splitScope(scope),
      since: new Date(Number(granted_at)),
    }));
  }
}

const splitScope = (scope: string): readonly string[] => scope.split(' ').filter(Boolean);

/** The access that people give to clients. */
@Injectable()
export class ConsentService {
  constructor(
    private readonly transactions: AccountTransactionService,
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

  /** Adds the scope to the previous consent. Concurrent calls lose no scope. Without an account nothing changes. */
  grant(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    return this.transactions.run(accountId, async () => {
      const before = await this.consents.lockOrInsert(accountId, clientId);
      if (!before) return;
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

  /** Deletes all consents and codes of an account. Joins the transaction of the caller. */
  async deleteOfAccount(accountId: string): Promise<void> {
    await this.codes.deleteOfAccount(accountId);
    await this.consents.deleteOfAccount(accountId);
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
