import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import { SecurityEvents } from '../security-events/security-events.js';

/** A client that a person has given access to, as they may see it. */
export interface Application {
  readonly clientId: string;
  readonly name: string;
  /** What it may do. */
  readonly scope: readonly string[];
  /** The first consent. */
  readonly since: Date;
}

interface Row {
  readonly client_id: string;
  readonly name: string;
  readonly scope: string;
  /** A number, or on PostgreSQL its text. */
  readonly granted_at: number | string;
}

/** The applications that may do something for a person, until that is taken back. */
@Injectable()
export class Applications {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly families: FamilyLife,
    private readonly events: SecurityEvents,
  ) {}

  /** Newest first. Nobody is asked about our own, and one that is disabled has access no more. */
  async of(accountId: string): Promise<readonly Application[]> {
    const rows = await this.unitOfWork.query<Row>(GIVEN, [accountId]);
    return rows.map(({ client_id: clientId, name, scope, granted_at }) => ({
      clientId,
      name: name || clientId,
      scope: scope.split(' ').filter(Boolean),
      since: new Date(Number(granted_at)),
    }));
  }

  /** Takes back what the person allowed, with all that the client has of it. What it was never given is not there. */
  removeAccess(accountId: string, clientId: string): Promise<void> {
    return this.unitOfWork.transaction(async () => {
      // Sessions of an account begin one after the other, at this row: one that begins now is there already, or finds no consent.
      await this.unitOfWork.execute(TAKE_TURN, [accountId]);
      const { affected } = await this.unitOfWork.execute(WITHDRAW, [accountId, clientId]);
      if (affected === 0) return;
      // Otherwise a code that waits would count once more with the next consent.
      await this.unitOfWork.execute(FORGET_CODES, [accountId, clientId, this.clock.now()]);
      await this.events.record({ type: 'consent.withdrawn', accountId, clientId });
      await this.families.end({ accountId, ofClient: clientId }, 'consent_withdrawn');
    });
  }
}

const GIVEN = `
  SELECT client_id, name, consent.scope, granted_at FROM consent JOIN client ON client.id = client_id
  WHERE account_id = $1 AND first_party = 0 AND disabled_at IS NULL
  ORDER BY granted_at DESC, client_id`;

const TAKE_TURN = 'UPDATE account SET last_login_at = last_login_at WHERE id = $1';

const WITHDRAW = 'DELETE FROM consent WHERE account_id = $1 AND client_id = $2';

/** By the index over their ends: few are alive. */
const FORGET_CODES = `
  DELETE FROM authorization_code
  WHERE account_id = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3`;
