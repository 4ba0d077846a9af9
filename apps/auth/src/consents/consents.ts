import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import { SecurityEvents } from '../security-events/security-events.js';

/** What people have allowed clients to do for them. */
@Injectable()
export class Consents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
  ) {}

  /** Whether the person need not be asked: all of it was allowed before, or the client is one of our own. */
  async covers(
    accountId: string,
    { id, firstParty }: Pick<Client, 'id' | 'firstParty'>,
    scope: readonly string[],
  ): Promise<boolean> {
    if (firstParty) return true;
    const [consent] = await this.unitOfWork.query<{ scope: string }>(
      'SELECT scope FROM consent WHERE account_id = $1 AND client_id = $2',
      [accountId, id],
    );
    if (!consent) return false;
    const allowed = wordsOf(consent.scope);
    return scope.every((word) => allowed.includes(word));
  }

  /** Adds to what was allowed before: of two at once, neither is lost. */
  grant(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    return this.unitOfWork.transaction(async () => {
      const before = await this.claim(accountId, clientId);
      const words = new Set([...wordsOf(before), ...scope]);
      await this.unitOfWork.execute(
        'UPDATE consent SET scope = $3 WHERE account_id = $1 AND client_id = $2',
        [accountId, clientId, [...words].join(' ')],
      );
      const allowed = scope.join(' ');
      await this.events.record({ type: 'consent.granted', accountId, clientId, scope: allowed });
    });
  }

  /** Whoever comes second waits here until the first one is done, and sees what that one wrote. */
  private async claim(accountId: string, clientId: string): Promise<string> {
    const { rows } = await this.unitOfWork.execute<{ scope: string }>(
      `INSERT INTO consent (account_id, client_id, scope, granted_at) VALUES ($1, $2, '', $3)
       ON CONFLICT (account_id, client_id) DO UPDATE SET granted_at = consent.granted_at RETURNING scope`,
      [accountId, clientId, this.clock.now()],
    );
    return rows[0]?.scope ?? '';
  }
}

const wordsOf = (scope: string): string[] => scope.split(' ').filter(Boolean);
