import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';

/** What people have allowed clients to do for them. */
@Injectable()
export class ConsentService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly events: SecurityEventService,
  ) {}

  /** Whether the person need not be asked: all of it was allowed before, or the client is one of our own. */
  async hasConsent(
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
    const allowed = splitScope(consent.scope);
    return scope.every((word) => allowed.includes(word));
  }

  /** Adds to what was allowed before: of two at once, neither is lost. */
  grant(accountId: string, clientId: string, scope: readonly string[]): Promise<void> {
    return this.unitOfWork.transaction(async () => {
      const before = await this.lockOrInsert(accountId, clientId);
      const words = new Set([...splitScope(before), ...scope]);
      await this.unitOfWork.execute(
        'UPDATE consent SET scope = $3 WHERE account_id = $1 AND client_id = $2',
        [accountId, clientId, [...words].join(' ')],
      );
      const allowed = scope.join(' ');
      await this.events.record({ type: 'consent.granted', accountId, clientId, scope: allowed });
    });
  }

  /** Whoever comes second waits here until the first one is done, and sees what that one wrote. */
  private async lockOrInsert(accountId: string, clientId: string): Promise<string> {
    const { rows } = await this.unitOfWork.execute<{ scope: string }>(
      `INSERT INTO consent (account_id, client_id, scope, granted_at) VALUES ($1, $2, '', $3)
       ON CONFLICT (account_id, client_id) DO UPDATE SET granted_at = consent.granted_at RETURNING scope`,
      [accountId, clientId, this.clock.now()],
    );
    return rows[0]?.scope ?? '';
  }
}

const splitScope = (scope: string): string[] => scope.split(' ').filter(Boolean);

/** A client that a person has given access to, as they may see it. */
export interface AuthorizedClient {
  readonly clientId: string;
  readonly name: string;
  /** What it may do. */
  readonly scope: readonly string[];
  /** The first consent. */
  readonly since: Date;
}

interface AuthorizedClientRow {
  readonly client_id: string;
  readonly name: string;
  readonly scope: string;
  /** A number, or on PostgreSQL its text. */
  readonly granted_at: number | string;
}

/** The applications that may do something for a person, until that is taken back. */
@Injectable()
export class AuthorizedClientService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly refreshTokenRevocation: RefreshTokenRevocation,
    private readonly events: SecurityEventService,
  ) {}

  /** Newest first. Nobody is asked about our own, and one that is disabled has access no more. */
  async list(accountId: string): Promise<readonly AuthorizedClient[]> {
    const rows = await this.unitOfWork.query<AuthorizedClientRow>(SELECT_AUTHORIZED_CLIENTS, [
      accountId,
    ]);
    return rows.map(({ client_id: clientId, name, scope, granted_at }) => ({
      clientId,
      name: name || clientId,
      scope: scope.split(' ').filter(Boolean),
      since: new Date(Number(granted_at)),
    }));
  }

  /** Takes back what the person allowed, with all that the client has of it. What it was never given is not there. */
  withdrawConsent(accountId: string, clientId: string): Promise<void> {
    return this.unitOfWork.transaction(async () => {
      // Sessions of an account begin one after the other, at this row: one that begins now is there already, or finds no consent.
      await this.unitOfWork.execute(LOCK_ACCOUNT, [accountId]);
      const { affected } = await this.unitOfWork.execute(DELETE_CONSENT, [accountId, clientId]);
      if (affected === 0) return;
      // Otherwise a code that waits would count once more with the next consent.
      await this.unitOfWork.execute(DELETE_UNUSED_CODES, [accountId, clientId, this.clock.now()]);
      await this.events.record({ type: 'consent.withdrawn', accountId, clientId });
      await this.refreshTokenRevocation.revoke(
        { accountId, ofClient: clientId },
        'consent_withdrawn',
      );
    });
  }
}

const SELECT_AUTHORIZED_CLIENTS = `
  SELECT client_id, name, consent.scope, granted_at FROM consent JOIN client ON client.id = client_id
  WHERE account_id = $1 AND first_party = 0 AND disabled_at IS NULL
  ORDER BY granted_at DESC, client_id`;

const LOCK_ACCOUNT = 'UPDATE account SET last_login_at = last_login_at WHERE id = $1';

const DELETE_CONSENT = 'DELETE FROM consent WHERE account_id = $1 AND client_id = $2';

/** By the index over their ends: few are alive. */
const DELETE_UNUSED_CODES = `
  DELETE FROM authorization_code
  WHERE account_id = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3`;
