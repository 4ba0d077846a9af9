import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

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
   */
  async lockOrInsert(accountId: string, clientId: string): Promise<readonly string[]> {
    const { rows } = await this.unitOfWork.execute<{ scope: string }>(
      `INSERT INTO consent (account_id, client_id, scope, granted_at) VALUES ($1, $2, '', $3)
       ON CONFLICT (account_id, client_id) DO UPDATE SET granted_at = consent.granted_at RETURNING scope`,
      [accountId, clientId, this.clock.now()],
    );
    return splitScope(rows[0]?.scope ?? '');
  }

  async updateScope(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE consent SET scope = $3 WHERE account_id = $1 AND client_id = $2',
      [accountId, clientId, scope.join(' ')],
    );
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
