import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';

/** Of the invoices that were issued in a month: sums in the currency's minor unit. They may exceed 2^53, so they are digits. */
export interface MonthlyTotals {
  readonly currency: string;
  readonly invoices: number;
  readonly issuedMinor: string;
  readonly paidMinor: string;
  readonly refundedMinor: string;
  readonly voidMinor: string;
}

const sumWhere = (condition: string) =>
  `CAST(sum(CASE WHEN ${condition} THEN amount_minor ELSE 0 END) AS text)`;

/** As the invoices stand now. The index on the month has every column that is asked for. */
const FIND_MONTHLY_TOTALS = `
  SELECT currency, count(*) AS invoices, CAST(sum(amount_minor) AS text) AS "issuedMinor",
    ${sumWhere(`state IN ('paid', 'refunding')`)} AS "paidMinor", ${sumWhere(`state = 'refunded'`)} AS "refundedMinor",
    ${sumWhere(`state = 'void'`)} AS "voidMinor"
  FROM invoice WHERE issued_at >= $1 AND issued_at < $2 GROUP BY currency ORDER BY currency`;

@Injectable()
export class TotalsService {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param month its first moment (UTC) */
  findForMonth(month: Date): Promise<MonthlyTotals[]> {
    const end = Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1);
    return this.unitOfWork.query<MonthlyTotals>(FIND_MONTHLY_TOTALS, [month.getTime(), end]);
  }
}
