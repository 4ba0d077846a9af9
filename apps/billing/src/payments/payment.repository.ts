import { randomBytes } from 'node:crypto';
import { Outbox, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { type Movement, MOVEMENTS } from '../invoices/invoice-state.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import type { Transfer, Verdict } from './payment-provider.js';

/** A transfer that has been asked for, and whose verdict is not known. */
export interface PendingPayment extends Transfer {
  readonly invoiceId: string;
  /** How often the provider was asked, or is about to be. */
  readonly attempts: number;
}

/** `pay_` and 128 random bits: no reference is ever used twice. */
export const createReference = (): string => `pay_${randomBytes(16).toString('base64url')}`;

/** Columns of the table as members of a {@link PendingPayment}. */
export const PENDING_COLUMNS = `id AS reference, invoice_id AS "invoiceId", movement, method,
  amount_minor AS "amountMinor", currency, attempts`;

/** Longer than the provider is waited for: what a process that died had in hand is taken up by another then. */
const CLAIM_MS = 15_000;
/** Payments of one invoice. */
const MAX_DECLINED = 20;

export interface PaymentMethod {
  /** See {@link PendingPayment}. */
  readonly name: string;
  /** `sub` of whoever wants the money to move. */
  readonly askedBy: string;
}

interface SettledPayment {
  readonly invoiceId: string;
  readonly movement: Movement;
}

/** What is asked of the provider, and what it has said. Each step is one transaction, together with that of the invoice. */
@Injectable()
export class PaymentRepository {
  /** Pending payments: the provider is asked again until it has a verdict. */
  readonly outbox: Outbox<PendingPayment>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.outbox = new Outbox(unitOfWork, clock, {
      table: 'payment',
      key: 'id',
      columns: PENDING_COLUMNS,
      claimMs: CLAIM_MS,
      minPauseMs: 1_000,
      maxPauseMs: 300_000,
    });
  }

  /**
   * The state of the invoice is the lock: of any number of callers one begins.
   *
   * @returns undefined where the invoice is not in the state that this begins from
   */
  create(
    movement: Movement,
    { id: invoiceId, amountMinor, currency }: Invoice,
    { name: method, askedBy }: PaymentMethod,
  ): Promise<PendingPayment | undefined> {
    const { from, meanwhile } = MOVEMENTS[movement];
    const reference = createReference();
    const pending = { reference, invoiceId, movement, method, amountMinor, currency, attempts: 1 };
    return this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        'UPDATE invoice SET state = $3 WHERE id = $1 AND state = $2',
        [invoiceId, from, meanwhile],
      );
      if (affected === 0) return undefined;
      const now = this.clock.now();
      await this.unitOfWork.execute(
        `INSERT INTO payment (id, invoice_id, movement, method, amount_minor, currency, asked_by, state, attempts,
           next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 1, $8, $9)`,
        [
          reference,
          invoiceId,
          movement,
          method,
          amountMinor,
          currency,
          askedBy,
          now + CLAIM_MS,
          now,
        ],
      );
      return pending;
    });
  }

  /**
   * However often a verdict is told, the first time counts.
   *
   * @returns the verdict that the payment has from now on; undefined for a reference that is not ours
   */
  async recordVerdict(reference: string, verdict: Verdict): Promise<Verdict | undefined> {
    const isFirst = await this.unitOfWork.transaction(async () => {
      const now = this.clock.now();
      const { rows } = await this.unitOfWork.execute<SettledPayment>(
        `UPDATE payment SET state = $2, settled_at = $3, next_attempt_at = NULL WHERE id = $1 AND state = 'pending'
         RETURNING invoice_id AS "invoiceId", movement`,
        [reference, verdict, now],
      );
      for (const settled of rows) await this.updateInvoice(settled, verdict, now);
      return rows.length > 0;
    });
    if (isFirst) return verdict;
    const [row] = await this.unitOfWork.query<{ state: Verdict }>(
      'SELECT state FROM payment WHERE id = $1',
      [reference],
    );
    return row?.state;
  }

  /** Each attempt is kept, so there is an end to them. */
  async hasTooManyDeclined({ id }: Invoice): Promise<boolean> {
    const last = await this.unitOfWork.query(
      `SELECT 1 FROM payment WHERE invoice_id = $1 AND state = 'declined' LIMIT 1 OFFSET ${MAX_DECLINED - 1}`,
      [id],
    );
    return last.length > 0;
  }

  /** The reference of the charge that an invoice was paid by, for its refund. */
  async findCharge({ id }: Invoice): Promise<string | undefined> {
    const [charge] = await this.unitOfWork.query<{ id: string }>(
      `SELECT id FROM payment WHERE invoice_id = $1 AND movement = 'charge' AND state = 'succeeded'`,
      [id],
    );
    return charge?.id;
  }

  private async updateInvoice(
    { invoiceId, movement }: SettledPayment,
    verdict: Verdict,
    now: number,
  ): Promise<void> {
    const { from, meanwhile, after, at } = MOVEMENTS[movement];
    const [state, since] = verdict === 'succeeded' ? [after, `, ${at} = $4`] : [from, ''];
    await this.unitOfWork.execute(
      `UPDATE invoice SET state = $3${since} WHERE id = $1 AND state = $2`,
      [invoiceId, meanwhile, state, ...(verdict === 'succeeded' ? [now] : [])],
    );
  }
}
